namespace XCron.Raft;

/// <summary>What a node is in its term (Raft §5.1).</summary>
public enum RaftRole : byte
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 0,

    /// <summary>Asks whether it would win an election (thesis §9.6).</summary>
    PreCandidate = 1,

    /// <summary>Asks for votes.</summary>
    Candidate = 2,

    /// <summary>Leads.</summary>
    Leader = 3,
}
