namespace XCron.Raft.Core;

/// <summary>
/// A leadership on its way to another node (thesis §3.10). Belongs to one leadership and ends with it.
/// </summary>
/// <param name="target">Who is to lead.</param>
/// <param name="deadlineMs">When it is given up: nobody may be kept from proposing for longer.</param>
/// <param name="stepsDown">Whether this node ceases to lead even then.</param>
internal sealed class LeadershipTransfer(NodeId target, long deadlineMs, bool stepsDown)
{
    private long _nextOrderMs = long.MinValue;

    public NodeId Target => target;

    public long DeadlineMs => deadlineMs;

    public bool StepsDown => stepsDown;

    /// <summary>The order may be lost, so it is repeated; but not with every turn.</summary>
    public bool MayOrder(long nowMs, long intervalMs)
    {
        if (nowMs < _nextOrderMs)
            return false;

        _nextOrderMs = nowMs + intervalMs;
        return true;
    }
}
