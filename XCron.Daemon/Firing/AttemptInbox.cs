using System.Runtime.InteropServices;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// Granted attempts, from the applier to the dispatcher. Also knows which attempts are somewhere between granted and
/// recorded, so that none is made twice, and which of them are open: to be sent or on their way, or with a result that
/// is not recorded. Bounded by the open runs, each of which has one attempt at most, at 80 bytes. Thread-safe; never
/// waits.
/// </summary>
internal sealed class AttemptInbox
{
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();
    private readonly Dictionary<(long Task, long RunSequence), Known> _known = [];
    private List<AttemptTicket> _filling = [];
    private int _openCount;
    private bool _isClosed;

    /// <summary>Attempts that are open; those that were put aside are not.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
                return _openCount;
        }
    }

    /// <summary>
    /// This session is to go: nothing that was put aside opens any more, nor what it is granted without a claim.
    /// </summary>
    public void Close()
    {
        lock (_gate)
            _isClosed = true;
    }

    /// <summary>The session is to stay after all.</summary>
    public void Reopen()
    {
        lock (_gate)
            _isClosed = false;
    }

    /// <summary>Takes in the open attempt of one of the record's runs unless it is known already.</summary>
    public void Offer(TaskRecord record, OpenRun run, long proposedTimestamp)
    {
        lock (_gate)
        {
            var key = (record.Id.Value, run.Sequence);
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, key, out var exists);
            if (exists && known.Attempt == run.Attempt)
                return;
            if (!known.IsOpen)
                _openCount++;
            known = new Known(run.Attempt, IsOpen: true);
            _filling.Add(
                new AttemptTicket(record.Id, run.Sequence, run.Attempt, record.Revision, proposedTimestamp));
        }

        _signal.Set();
    }

    /// <summary>The attempt is over: recorded, or no longer this session's.</summary>
    public void Forget(long task, long runSequence, int attempt)
    {
        lock (_gate)
        {
            if (Find(task, runSequence, attempt) is not { } known)
                return;
            _known.Remove((task, runSequence));
            _openCount -= known.IsOpen ? 1 : 0;
        }
    }

    /// <summary>The attempt is put aside, or recorded, which this node's state does not show yet.</summary>
    public void Shut(long task, long runSequence, int attempt)
    {
        lock (_gate)
        {
            if (Find(task, runSequence, attempt) is not { IsOpen: true })
                return;
            _known[(task, runSequence)] = new Known(attempt, IsOpen: false);
            _openCount--;
        }
    }

    /// <summary>Before an attempt gets its place. False where it must be put aside: see <see cref="Close"/>.</summary>
    public bool TryOpen(in AttemptTicket ticket)
    {
        lock (_gate)
        {
            var isOpen = Find(ticket.Task.Value, ticket.RunSequence, ticket.Attempt) is not { IsOpen: false };
            if (_isClosed && (!isOpen || ticket.ProposedTimestamp == AttemptTicket.NotKnown))
                return false;
            if (!isOpen)
            {
                _known[(ticket.Task.Value, ticket.RunSequence)] = new Known(ticket.Attempt, IsOpen: true);
                _openCount++;
            }

            return true;
        }
    }

    /// <summary>For the dispatcher: takes all tickets and gives an empty list to fill.</summary>
    public List<AttemptTicket> Swap(List<AttemptTicket> empty)
    {
        lock (_gate)
        {
            (var full, _filling) = (_filling, empty);
            return full;
        }
    }

    /// <summary>Wakes the dispatcher to look at what it put aside.</summary>
    public void Nudge() => _signal.Set();

    public ValueTask WaitAsync(CancellationToken cancellationToken) => _signal.WaitAsync(cancellationToken);

    private Known? Find(long task, long runSequence, int attempt) =>
        _known.TryGetValue((task, runSequence), out var known) && known.Attempt == attempt ? known : null;

    private readonly record struct Known(int Attempt, bool IsOpen);
}
