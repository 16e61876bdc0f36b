namespace XCron.Raft.Runtime;

/// <summary>
/// Proposals that were appended and have no outcome yet, in log order. The loop adds and gives up; the applier takes.
/// </summary>
internal sealed class PendingProposals
{
    private static readonly ProposeOutcome UnknownOutcome = new ProposeOutcome.Unknown();

    private readonly Lock _gate = new();

    // Invariant: indexes rise from front to back.
    private readonly Queue<Proposal> _pending = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _pending.Count;
        }
    }

    /// <summary>When the oldest one was made, in ms; long.MaxValue where there is none.</summary>
    public long OldestStartMs
    {
        get
        {
            lock (_gate)
                return _pending.TryPeek(out var oldest) ? oldest.StartMs : long.MaxValue;
        }
    }

    public void Add(Proposal proposal)
    {
        lock (_gate)
            _pending.Enqueue(proposal);
    }

    /// <summary>
    /// Moves to <paramref name="taken"/> the proposal behind each entry of the batch, or null for an entry that was not
    /// proposed here.
    /// </summary>
    public void Take(ReadOnlySpan<LogEntry> batch, List<Proposal?> taken)
    {
        lock (_gate)
        {
            foreach (var entry in batch)
            {
                while (_pending.TryPeek(out var front) && front.Index < entry.Index)
                    _pending.Dequeue().Complete(UnknownOutcome);
                var isOurs = _pending.TryPeek(out var next) && next.Index == entry.Index && next.Term == entry.Term;
                taken.Add(isOurs ? _pending.Dequeue() : null);
            }
        }
    }

    /// <summary>Leadership is lost: what stands after the commit index may or may not survive.</summary>
    public void GiveUpAfter(LogIndex commit)
    {
        lock (_gate)
        {
            for (var count = _pending.Count; count > 0; count--)
            {
                var proposal = _pending.Dequeue();
                if (proposal.Index > commit)
                    proposal.Complete(UnknownOutcome);
                else
                    _pending.Enqueue(proposal);
            }
        }
    }

    /// <summary>Ends the wait, not the command, of those made before a moment.</summary>
    public void GiveUpBefore(long startMs)
    {
        lock (_gate)
        {
            while (_pending.TryPeek(out var oldest) && oldest.StartMs < startMs)
                _pending.Dequeue().Complete(UnknownOutcome);
        }
    }
}
