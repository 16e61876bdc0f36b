namespace XCron.Raft.Storage;

/// <summary>
/// What the next flush writes, and where the log stands behind it. The rules of the log hold for every step: one that
/// breaks them breaks an invariant, and nothing of it is written. Writer's thread.
/// </summary>
internal sealed class StagedBatch
{
    private LogStand _stand;
    private BatchExtent _extent;

    public BatchBuffer Buffer { get; } = new();

    /// <summary>What it does to the entries before it, and which it leaves behind.</summary>
    public BatchExtent Extent => _extent;

    /// <summary>Where the log stands once it is written.</summary>
    public LogStand Stand => _stand;

    public bool IsEmpty => Buffer.Records == 0;

    /// <summary>Nothing is staged behind what is written.</summary>
    public void StartBehind(in LogStand written)
    {
        _stand = written;
        _extent = default;
        Buffer.Clear();
    }

    /// <summary>One step, in the order of <see cref="WriteAheadLog.Append"/>; the payloads are copied.</summary>
    public void Append(
        SnapshotMark? resetTo,
        LogIndex? truncateFrom,
        ReadOnlySpan<LogEntry> entries,
        HardState? hardState,
        LogIndex commit)
    {
        if (resetTo is not null)
            Reset(resetTo.Index, resetTo.Term);
        if (truncateFrom is { } from && from <= _stand.Last)
            Truncate(from);
        foreach (var entry in entries)
        {
            Require(_stand.Append(entry.Index, entry.Term));
            _extent.OnEntry(entry.Index);
            Buffer.PutEntry(entry);
        }

        if (hardState is { } state && state != _stand.HardState)
        {
            Require(_stand.Put(state));
            Buffer.PutHardState(state);
        }

        if (commit > _stand.Commit)
        {
            Require(_stand.CommitUpTo(commit));
            Buffer.PutCommit(commit);
        }
    }

    /// <summary>A snapshot takes the place of all entries.</summary>
    public void Reset(LogIndex index, Term term)
    {
        Require(_stand.Reset(index, term));
        _extent.OnReset();
        Buffer.PutReset(index, term);
    }

    private void Truncate(LogIndex from)
    {
        Require(_stand.Truncate(from, previousTerm: null));
        _extent.OnTruncate(from);
        Buffer.PutTruncate(from, _stand.Terms.LastTerm);
    }

    private static void Require(string? problem)
    {
        if (problem is not null)
            throw new InvariantException(problem);
    }
}
