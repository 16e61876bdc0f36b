namespace XCron.Raft.Runtime;

/// <summary>What the applier is told; a closed family.</summary>
internal abstract record ApplierJob
{
    private protected ApplierJob()
    {
    }

    /// <summary>Committed entries, gapless, of all kinds.</summary>
    public sealed record Apply(LogEntry[] Entries) : ApplierJob;

    /// <summary>Complete the batch once the index is applied.</summary>
    public sealed record WaitFor(LogIndex Index, ReadBatch Readers) : ApplierJob;

    /// <summary>Replace the state by this snapshot, which is on disk.</summary>
    public sealed record Restore(SnapshotMark Mark) : ApplierJob;

    /// <summary>Take a snapshot now, whatever the size of the log.</summary>
    public sealed record TakeSnapshot(TaskCompletionSource<LogIndex> Done) : ApplierJob;

    /// <summary>The snapshot under way is on disk, or failed (null).</summary>
    public sealed record SnapshotEnded(SnapshotMark? Mark) : ApplierJob;
}
