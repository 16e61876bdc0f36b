using System.Runtime.InteropServices;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// Granted attempts, from the applier to the dispatcher. Also knows which attempts are somewhere between granted and
/// recorded, so that none is made twice, and how many of them have no result that is recorded. Bounded by the open
/// runs, each of which has one attempt at most, at 80 bytes. Thread-safe; never waits.
/// </summary>
internal sealed class AttemptInbox
{
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();
    private readonly Dictionary<(long Task, long RunSequence), Known> _known = [];
    private List<AttemptTicket> _filling = [];
    private int _openCount;

    /// <summary>Attempts that may still be sent, are on their way, or have a result that is not recorded.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
                return _openCount;
        }
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
            _openCount += known.IsOpen ? 0 : 1;
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
            if (!_known.TryGetValue((task, runSequence), out var known) || known.Attempt != attempt)
                return;
            _known.Remove((task, runSequence));
            _openCount -= known.IsOpen ? 1 : 0;
        }
    }

    /// <summary>The attempt's result is recorded, which this node's state does not show yet.</summary>
    public void Recorded(long task, long runSequence, int attempt)
    {
        lock (_gate)
        {
            var key = (task, runSequence);
            if (!_known.TryGetValue(key, out var known) || known != new Known(attempt, IsOpen: true))
                return;
            _known[key] = known with { IsOpen = false };
            _openCount--;
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

    private readonly record struct Known(int Attempt, bool IsOpen);
}
