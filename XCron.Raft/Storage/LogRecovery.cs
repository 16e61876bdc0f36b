namespace XCron.Raft.Storage;

/// <summary>What a log held when it was opened. All of it is durable.</summary>
internal sealed record LogRecovery
{
    public required HardState HardState { get; init; }

    /// <summary>The entries behind the snapshot, or from the first on; gapless.</summary>
    public required IReadOnlyList<LogEntry> Entries { get; init; }

    /// <summary>What is committed at least: not before the snapshot, not behind the last entry.</summary>
    public required LogIndex Commit { get; init; }

    /// <summary>
    /// What was cut off, or null. A damaged last batch cannot be told from one that was being written, nor can the last
    /// few, if all of them are destroyed: nothing stands behind them that would say that they were durable.
    /// </summary>
    public TornTail? Torn { get; init; }

    public long TornTailBytes => Torn?.Bytes ?? 0;

    /// <summary>The log did not lead up to the snapshot (a crash between the two) and now begins behind it.</summary>
    public bool WasReset { get; init; }
}
