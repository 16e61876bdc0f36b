namespace XCron.Daemon.Configuration;

/// <summary>[raft]: consensus and its log.</summary>
internal sealed class RaftSection
{
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(1000);

    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    public int SegmentBytes { get; init; } = 16 * 1024 * 1024;

    public long SnapshotLogBytes { get; init; } = 64 * 1024 * 1024;
}
