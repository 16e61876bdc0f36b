using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// Whether what this session says comes back to it through the log. While it does not, the session hears late of what
/// it is granted: it then claims nothing more and shows itself alive no more, so that what is due does not gather at
/// it, and the leader, which takes no shard from whom the log has shown alive lately, may give them to others.
/// Thread-safe.
/// </summary>
/// <param name="applied">How far this node has applied the log; may be some 20 ms old.</param>
/// <param name="time">The clock.</param>
internal sealed class LogEcho(Func<LogIndex> applied, TimeProvider time)
{
    /// <summary>What was applied by the leader shows on a node that follows within milliseconds.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private LogIndex _said;
    private long _saidTimestamp;

    /// <summary>The oldest command that has not come back has been out for longer than <see cref="Limit"/>.</summary>
    public bool IsOut
    {
        get
        {
            lock (_gate)
                return _said > applied() && time.GetElapsedTime(_saidTimestamp) > Limit;
        }
    }

    /// <summary>A command of this session's has had this outcome.</summary>
    public void Said(ProposeOutcome outcome)
    {
        if (outcome is not ProposeOutcome.Applied said)
            return;

        lock (_gate)
        {
            if (_said <= applied())
                (_said, _saidTimestamp) = (said.Index, time.GetTimestamp());
        }
    }
}
