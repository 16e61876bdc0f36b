namespace XCron.Raft;

/// <summary>
/// What must be on disk before a node speaks of it (Raft figure 2): its term, and whom it voted for in it.
/// </summary>
/// <param name="Term">The newest term the node has seen.</param>
/// <param name="Vote">Whom it voted for in that term; <see cref="NodeId.None"/> for nobody.</param>
internal readonly record struct HardState(Term Term, NodeId Vote);
