namespace XCron.Raft.Core;

/// <summary>What a node finds on its disk.</summary>
/// <param name="HardState">Its term and vote.</param>
/// <param name="Snapshot">The newest snapshot, already restored into the state machine; null before the first.</param>
/// <param name="Entries">The log after the snapshot, gapless; all of it durable.</param>
/// <param name="Commit">Known to be committed; at least the snapshot's index.</param>
internal sealed record RecoveredState(
    HardState HardState, SnapshotMark? Snapshot, IReadOnlyList<LogEntry> Entries, LogIndex Commit)
{
    /// <summary>
    /// For a node that joins a cluster: the membership it was told, which holds until the log brings one. It is not in
    /// it, so it neither campaigns nor counts by it.
    /// </summary>
    public Membership? Told { get; init; }

    /// <summary>
    /// Whether its last life may have answered a leader, which may count for an election timeout on that it votes for
    /// nobody else.
    /// </summary>
    public bool MayHavePromised { get; init; }
}
