namespace XCron.Raft;

/// <summary>How a proposal ended: exactly one of the three cases.</summary>
public abstract record ProposeOutcome
{
    private protected ProposeOutcome()
    {
    }

    /// <summary>On the disks of a majority and applied on this node.</summary>
    /// <param name="Index">Where it stands in the log.</param>
    /// <param name="Term">The term it was proposed in.</param>
    /// <param name="Result">What the state machine answered.</param>
    public sealed record Applied(LogIndex Index, Term Term, ApplyResult Result) : ProposeOutcome;

    /// <summary>In no log: it was never applied and never will be. It may be proposed again at once.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Leader">Who leads, as far as this node knows; else <see cref="NodeId.None"/>.</param>
    public sealed record Rejected(RejectReason Reason, NodeId Leader) : ProposeOutcome;

    /// <summary>Appended, and then leadership was lost or the node stopped: it may yet be applied, or not.</summary>
    public sealed record Unknown : ProposeOutcome;
}

/// <summary>Why a proposal was not taken.</summary>
public enum RejectReason : byte
{
    /// <summary>Another node leads, or none.</summary>
    NotLeader = 1,

    /// <summary>Too much is waiting to be committed.</summary>
    Overloaded = 2,

    /// <summary>Larger than the largest entry allowed.</summary>
    TooLarge = 3,

    /// <summary>The node is stopping.</summary>
    Stopping = 4,

    /// <summary>
    /// No space is left for the log, or only what is kept for urgent proposals, here or at a majority; ends by itself
    /// when there is some.
    /// </summary>
    DiskFull = 5,
}
