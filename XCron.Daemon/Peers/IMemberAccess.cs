using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// The members of the cluster, as the local node knows and, while it leads, changes them. Thread-safe.
/// </summary>
internal interface IMemberAccess : IRaftAccess
{
    /// <summary>
    /// What is committed of the membership: the one in force once it is, else null, while a change may yet be undone.
    /// </summary>
    Membership? CommittedMembership { get; }

    /// <summary>While this node leads: whether a peer follows so closely that it may be given a vote.</summary>
    bool IsCaughtUp(NodeId id);

    /// <summary>
    /// While this node leads: whether a majority of the voters, without this one, has everything that is committed.
    /// </summary>
    bool IsCompleteWithout(NodeId id);

    /// <summary>
    /// While this node leads: for how long a peer's node has not been heard; null where it is no peer.
    /// </summary>
    TimeSpan? SilentFor(NodeId id);

    Task<ChangeOutcome> AddLearnerAsync(Member member, CancellationToken cancellationToken);

    Task<ChangeOutcome> ReplaceAsync(NodeId old, Member replacement, CancellationToken cancellationToken);

    Task<ChangeOutcome> PromoteAsync(NodeId id, CancellationToken cancellationToken);

    Task<ChangeOutcome> RemoveAsync(NodeId id, CancellationToken cancellationToken);

    Task<TransferOutcome> TransferLeadershipAsync(NodeId target, CancellationToken cancellationToken);
}
