namespace XCron.Raft;

/// <summary>A member of the cluster.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Address">Where its peers reach it, "host:port".</param>
/// <param name="Suffrage">Whether it votes.</param>
public sealed record Member(NodeId Id, string Address, Suffrage Suffrage = Suffrage.Voter);

/// <summary>A member's part in decisions.</summary>
public enum Suffrage : byte
{
    /// <summary>Counts in elections and commits.</summary>
    Voter = 0,

    /// <summary>Receives the log and counts nowhere.</summary>
    Learner = 1,

    /// <summary>
    /// Is no member any more once the change under way is complete; until then it receives the log, and votes if it is
    /// among <see cref="Membership.Outgoing"/>. Set by the change itself, never by a caller.
    /// </summary>
    Leaving = 2,
}
