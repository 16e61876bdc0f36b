namespace XCron.Raft;

/// <summary>
/// What a snapshot stands for: everything up to <paramref name="Index"/>, and who the members were there.
/// </summary>
/// <param name="Index">The last entry it covers.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="Membership">The configuration in force at that index.</param>
/// <param name="MembershipIndex">Where that configuration stood in the log.</param>
internal sealed record SnapshotMark(LogIndex Index, Term Term, Membership Membership, LogIndex MembershipIndex);
