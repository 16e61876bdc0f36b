namespace XCron.Raft;

/// <summary>How a change of the members ended: exactly one of the three cases.</summary>
public abstract record ChangeOutcome
{
    private protected ChangeOutcome()
    {
    }

    /// <summary>Committed, and complete: no node decides by the former configuration any more.</summary>
    /// <param name="Index">Where the new configuration stands; the next change may expect it.</param>
    /// <param name="Membership">The new configuration.</param>
    public sealed record Changed(LogIndex Index, Membership Membership) : ChangeOutcome;

    /// <summary>Nothing was changed, and nothing will be by this request.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Leader">Who leads, as far as this node knows; else <see cref="NodeId.None"/>.</param>
    public sealed record Refused(ChangeRefusal Reason, NodeId Leader) : ChangeOutcome;

    /// <summary>
    /// Begun and not known to be complete: leadership was lost, the node stopped or the time was over. It may yet be
    /// completed, or not; the membership in force tells.
    /// </summary>
    public sealed record Unknown : ChangeOutcome;
}

/// <summary>Why the members were not changed.</summary>
public enum ChangeRefusal : byte
{
    /// <summary>Another node leads, or none.</summary>
    NotLeader = 1,

    /// <summary>
    /// The leader is new and has not committed an entry of its own term yet; a moment later it may change members.
    /// </summary>
    NotReady = 2,

    /// <summary>Another change is not complete yet.</summary>
    InProgress = 3,

    /// <summary>The configuration in force is not the one that the caller expected.</summary>
    WrongConfiguration = 4,

    /// <summary>It is so already.</summary>
    Unchanged = 5,

    /// <summary>Nobody would be left to vote.</summary>
    NoVoters = 6,

    /// <summary>A node that is to vote is no learner yet, or not as far as the leader.</summary>
    NotCaughtUp = 7,

    /// <summary>There is no such member.</summary>
    UnknownMember = 8,

    /// <summary>More than 255, with those that are being left.</summary>
    TooManyMembers = 9,

    /// <summary>Leadership is being handed over.</summary>
    Transferring = 10,

    /// <summary>The node is stopping.</summary>
    Stopping = 11,

    /// <summary>No space is left for the log; ends by itself when there is some.</summary>
    DiskFull = 12,
}
