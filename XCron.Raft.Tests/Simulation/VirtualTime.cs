namespace XCron.Raft.Tests.Simulation;

/// <summary>Time that moves only when the simulation says so.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public long NowMs { get; private set; }

    public override long TimestampFrequency => 1000;

    public void Advance(long ms) => NowMs += ms;

    /// <summary>Called once, right after the clock was read; what it does, the reader does not see.</summary>
    public Action? AfterNextLook { get; set; }

    public override long GetTimestamp()
    {
        var seen = NowMs;
        var next = AfterNextLook;
        AfterNextLook = null;
        next?.Invoke();
        return seen;
    }

    public override DateTimeOffset GetUtcNow() => Start.AddMilliseconds(NowMs);
}
