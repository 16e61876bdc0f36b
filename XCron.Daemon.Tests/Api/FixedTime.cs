namespace XCron.Daemon.Tests.Api;

/// <summary>A clock that a test sets.</summary>
internal sealed class FixedTime : TimeProvider
{
    /// <summary>2027-01-15T08:00:00.250Z.</summary>
    public const long StartMs = 1_800_000_000_250;

    public long NowMs { get; set; } = StartMs;

    public override long TimestampFrequency => 1000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);

    public override long GetTimestamp() => NowMs;
}
