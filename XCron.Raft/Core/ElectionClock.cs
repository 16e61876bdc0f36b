namespace XCron.Raft.Core;

/// <summary>
/// How long a node waits for a leader; every wait is drawn anew, so that votes rarely split (Raft §5.2).
/// </summary>
internal sealed class ElectionClock(long timeoutMs, Random random)
{
    private long _heardMs = long.MinValue / 2;

    public long DeadlineMs { get; private set; }

    public void Restart(long nowMs) => DeadlineMs = nowMs + timeoutMs + random.NextInt64(timeoutMs);

    /// <summary>A cluster of one has nobody to wait for.</summary>
    public void Expire(long nowMs) => DeadlineMs = nowMs;

    public void HeardLeader(long nowMs)
    {
        _heardMs = nowMs;
        Restart(nowMs);
    }

    public void ForgetLeader() => _heardMs = long.MinValue / 2;

    /// <summary>
    /// A leader was heard within the shortest timeout: nobody is helped to depose it (thesis §4.2.3).
    /// </summary>
    public bool IsLeaderFresh(long nowMs) => nowMs - _heardMs < timeoutMs;
}
