namespace XCron.Raft.Runtime;

/// <summary>
/// Notices a disk that does not answer, from what the loop asked of it and heard of it: the log writer itself cannot
/// say so, for it is what hangs. Owned by the loop.
/// </summary>
/// <param name="patienceMs">How long nothing may become durable while something waits.</param>
internal sealed class DiskWatch(long patienceMs)
{
    private long _asked;
    private long _waitingSinceMs = long.MaxValue; // nothing became durable since; MaxValue: nothing waits

    private DiskHealth _space = DiskHealth.Well; // what the log writer last found

    public bool IsFull => _space == DiskHealth.Full;

    /// <summary>When the health changes if nothing is heard.</summary>
    public long DeadlineMs => IsFull || _waitingSinceMs == long.MaxValue ? long.MaxValue : _waitingSinceMs + patienceMs;

    public DiskHealth HealthAt(long nowMs)
    {
        if (IsFull)
            return DiskHealth.Full; // it does answer
        return nowMs >= DeadlineMs ? DiskHealth.Stalled : _space;
    }

    public void SpaceIs(DiskHealth space, long nowMs)
    {
        if (IsFull && _waitingSinceMs != long.MaxValue)
            _waitingSinceMs = nowMs; // what waited for space waits for the disk only from now on
        _space = space;
    }

    public void Asked(long sequence, long nowMs)
    {
        _asked = sequence;
        _waitingSinceMs = Math.Min(_waitingSinceMs, nowMs);
    }

    /// <summary>One that is slow and goes on is not taken for one that stands.</summary>
    public void Answered(long sequence, long nowMs) => _waitingSinceMs = sequence >= _asked ? long.MaxValue : nowMs;
}
