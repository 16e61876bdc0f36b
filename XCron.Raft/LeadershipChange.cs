namespace XCron.Raft;

/// <summary>A change of role, term or leader, as this node saw it.</summary>
/// <param name="Role">This node's role from then on.</param>
/// <param name="Term">Its term.</param>
/// <param name="Leader">Who leads; <see cref="NodeId.None"/> while nobody is known to.</param>
public sealed record LeadershipChange(RaftRole Role, Term Term, NodeId Leader);
