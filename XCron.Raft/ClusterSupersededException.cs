namespace XCron.Raft;

/// <summary>
/// The cluster was recovered from a lost quorum without this node (<see cref="RaftRecovery.ForceNewCluster"/>): what
/// it would go on with is another history. The node stops and its data stays as it is. Never retried: it may join anew
/// with an empty directory (<see cref="RaftRecovery.Leave"/>).
/// </summary>
public sealed class ClusterSupersededException : Exception
{
    internal ClusterSupersededException(long ours, long theirs)
        : base(
            $"This node's data is of epoch {ours}; its cluster was recovered without it under epoch {theirs}. The node "
            + "stops, so that there are not two of them; it may join anew with an empty directory.")
    {
    }
}
