namespace XCron.Raft.Tests.Simulation;

/// <summary>One machine's monotonic clock: it has its own rate, and may leap forward.</summary>
internal sealed class SimulatedClock(VirtualTime time) : TimeProvider
{
    private const long TicksAMs = 1000;

    private long _sinceMs;
    private long _sinceTicks;

    /// <summary>1: as true time.</summary>
    public double Rate { get; private set; } = 1;

    public override long TimestampFrequency => 1000 * TicksAMs;

    public void ChangeRate(double rate)
    {
        _sinceTicks = GetTimestamp();
        _sinceMs = time.NowMs;
        Rate = rate;
    }

    public void Leap(long ms) => _sinceTicks += ms * TicksAMs;

    /// <summary>Done once, right after the clock was read: the process is held up there.</summary>
    public Action? AfterNextLook { get; set; }

    public override long GetTimestamp()
    {
        var seen = _sinceTicks + (long)((time.NowMs - _sinceMs) * TicksAMs * Rate);
        var holdUp = AfterNextLook;
        AfterNextLook = null;
        holdUp?.Invoke();
        return seen;
    }

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();
}
