namespace XCron.Raft;

/// <summary>How a transfer of leadership ended: exactly one of the three cases.</summary>
public abstract record TransferOutcome
{
    private protected TransferOutcome()
    {
    }

    /// <summary>The target leads.</summary>
    /// <param name="Leader">The target.</param>
    /// <param name="Term">The term it leads.</param>
    public sealed record Transferred(NodeId Leader, Term Term) : TransferOutcome;

    /// <summary>Not begun.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Leader">Who leads, as far as this node knows; else <see cref="NodeId.None"/>.</param>
    public sealed record Refused(TransferRefusal Reason, NodeId Leader) : TransferOutcome;

    /// <summary>
    /// The target did not take over within an election timeout. This node leads on, unless another was elected.
    /// </summary>
    /// <param name="Leader">Who leads, as far as this node knows; else <see cref="NodeId.None"/>.</param>
    public sealed record Failed(NodeId Leader) : TransferOutcome;
}

/// <summary>Why leadership was not handed over.</summary>
public enum TransferRefusal : byte
{
    /// <summary>Another node leads, or none.</summary>
    NotLeader = 1,

    /// <summary>The target is no voter: a learner, removed, or unknown.</summary>
    NotVoter = 2,

    /// <summary>The target leads already.</summary>
    AlreadyLeader = 3,

    /// <summary>No target was named, and no other voter was heard of late.</summary>
    NoTarget = 4,

    /// <summary>It is being handed to another target.</summary>
    InProgress = 5,

    /// <summary>The node is stopping.</summary>
    Stopping = 6,
}
