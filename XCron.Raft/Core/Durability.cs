namespace XCron.Raft.Core;

/// <summary>
/// What of the log is on this node's disk. Each write is remembered with the last index it covers; a truncation lowers
/// those, so that the report of a write of entries that were replaced meanwhile confirms nothing of their successors.
/// </summary>
internal sealed class Durability(LogIndex start)
{
    private readonly List<(long Sequence, LogIndex Last)> _pending = [];

    /// <summary>The last entry on disk.</summary>
    public LogIndex Index { get; private set; } = start;

    /// <summary>The last write on disk.</summary>
    public long Sequence { get; private set; }

    public void Wrote(long sequence, LogIndex last) => _pending.Add((sequence, last));

    public void Confirm(long sequence)
    {
        Invariant.Require(sequence >= Sequence, "writes become durable in order");
        Sequence = sequence;
        var done = 0;
        while (done < _pending.Count && _pending[done].Sequence <= sequence)
            Index = LogIndex.Max(Index, _pending[done++].Last);
        _pending.RemoveRange(0, done);
    }

    public void TruncateFrom(LogIndex index)
    {
        Index = LogIndex.Min(Index, index.Previous);
        for (var i = 0; i < _pending.Count; i++)
            _pending[i] = _pending[i] with { Last = LogIndex.Min(_pending[i].Last, index.Previous) };
    }

    /// <summary>The log begins anew behind an installed snapshot, which is on disk itself.</summary>
    public void Reset(LogIndex snapshot)
    {
        _pending.Clear();
        Index = snapshot;
    }
}
