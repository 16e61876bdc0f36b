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
    /// What was cut off, or null. Damaged batches at the end cannot be told from one that was being written where
    /// nothing says that they were durable: no batch behind them, and no watermark, which may lag after a loss of
    /// power.
    /// </summary>
    public TornTail? Torn { get; init; }

    public long TornTailBytes => Torn?.Bytes ?? 0;

    /// <summary>
    /// Where in its file a slot of the watermark fails its check, or null. It was torn by a loss of power, or it is
    /// damaged: it says nothing, and nothing else is lost by it.
    /// </summary>
    public int? WatermarkUnreadableAt { get; init; }

    /// <summary>The log did not lead up to the snapshot (a crash between the two) and now begins behind it.</summary>
    public bool WasReset { get; init; }
}
