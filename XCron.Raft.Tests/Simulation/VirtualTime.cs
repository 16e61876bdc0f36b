namespace XCron.Raft.Tests.Simulation;

/// <summary>Time that moves only when the simulation says so.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public long NowMs { get; private set; }

    public override long TimestampFrequency => 1000;

    public void Advance(long ms) => NowMs += ms;

    public override long GetTimestamp() => NowMs;

    public override DateTimeOffset GetUtcNow() => Start.AddMilliseconds(NowMs);
}
