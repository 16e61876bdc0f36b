namespace XCron.Raft.Storage;

/// <summary>Whose log or snapshot it is; files of another cluster or node are refused.</summary>
/// <param name="ClusterId">Which cluster.</param>
/// <param name="Node">Which of its nodes.</param>
internal sealed record LogIdentity(Guid ClusterId, NodeId Node);
