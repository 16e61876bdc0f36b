using XCron.Raft;

namespace XCron.Daemon.Diagnostics;

/// <summary>What the metrics show of consensus, as of one moment.</summary>
internal sealed record RaftFigures
{
    public required Term Term { get; init; }

    public required RaftRole Role { get; init; }

    /// <summary>Whether this node knows who leads.</summary>
    public required bool HasLeader { get; init; }

    public required LogIndex CommitIndex { get; init; }

    public required LogIndex AppliedIndex { get; init; }

    public required LogIndex LastIndex { get; init; }

    /// <summary>What the log occupies on disk.</summary>
    public required long LogBytes { get; init; }
}
