namespace XCron.Raft.Core;

/// <summary>
/// How long a node waits for a leader; every wait is drawn anew, so that votes rarely split (Raft §5.2). And how long
/// it has promised to help nobody to depose one: what it promised holds whatever terms it hears of meanwhile, since the
/// leader may answer reads by it.
/// </summary>
internal sealed class ElectionClock(long timeoutMs, Random random)
{
    private long _promisedUntilMs = long.MinValue;

    public long DeadlineMs { get; private set; }

    public void Restart(long nowMs) => DeadlineMs = nowMs + timeoutMs + random.NextInt64(timeoutMs);

    /// <summary>A cluster of one has nobody to wait for.</summary>
    public void Expire(long nowMs) => DeadlineMs = nowMs;

    public void HeardLeader(long nowMs)
    {
        Promise(nowMs);
        Restart(nowMs);
    }

    /// <summary>A leader was heard now, or may have been: before a restart nobody knows.</summary>
    public void Promise(long nowMs) => _promisedUntilMs = nowMs + timeoutMs;

    /// <summary>
    /// A leader was heard within the shortest timeout: nobody is helped to depose it (thesis §4.2.3).
    /// </summary>
    public bool IsLeaderFresh(long nowMs) => nowMs < _promisedUntilMs;
}
