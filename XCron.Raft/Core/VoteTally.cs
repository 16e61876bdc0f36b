namespace XCron.Raft.Core;

/// <summary>The votes of one campaign, each voter's once.</summary>
internal sealed class VoteTally(Membership membership)
{
    private readonly Dictionary<NodeId, bool> _votes = [];

    public bool IsWon => Quorum.IsMajority(membership, id => _votes.TryGetValue(id, out var granted) && granted);

    /// <summary>So many refused that a majority cannot be had any more.</summary>
    public bool IsLost => !Quorum.IsMajority(membership, id => !_votes.TryGetValue(id, out var granted) || granted);

    public void Count(NodeId voter, bool granted) => _votes.TryAdd(voter, granted);
}
