namespace XCron.Daemon.State;

/// <summary>
/// The part of a record that a task which waits for its first run does not have. Immutable. Most of very many tasks
/// wait, and 64 bytes of zeros in each would be a fifth of what they take.
/// </summary>
internal sealed record TaskProgress
{
    /// <summary>That of a task that has none.</summary>
    public static readonly TaskProgress None = new();

    public long QueuedDueMs { get; init; }

    public long ExpireAtMs { get; init; }

    public long RunSequence { get; init; }

    public long RunCount { get; init; }

    public long FailCount { get; init; }

    public long MissedCount { get; init; }

    public OpenRuns? Runs { get; init; }

    public RunHistory? History { get; init; }

    /// <summary>Null where it is <see cref="None"/>: equal records have equal parts.</summary>
    public TaskProgress? OrNull() => this == None ? null : this;
}
