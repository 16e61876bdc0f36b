using XCron.Daemon.Api;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>Two members, of which the second leads and does not report.</summary>
internal sealed class FixedCluster : IClusterView
{
    public NodeId Leader { get; set; } = new(2);

    public ClusterFigures Read() => new()
    {
        Self = new NodeId(1),
        Leader = Leader,
        Term = 3,
        Members =
        [
            new MemberFigures
            {
                Id = new NodeId(1),
                Host = "10.0.0.1:8899",
                HttpHost = "10.0.0.1:8000",
                Role = "follower",
                IsVoter = true,
                Term = 3,
                CommitIndex = 12,
                AppliedIndex = 11,
                Lag = 1,
                Shards = 128,
                IsUp = true,
                SinceMs = FixedTime.StartMs,
                Version = "0.1.0",
                ClockOffset = TimeSpan.FromMilliseconds(-1500),
                ClockOffsetError = TimeSpan.FromMilliseconds(0.3),
                Machine = new MachineLoad
                {
                    CpuShare = 0.25,
                    MemoryTotalBytes = 8,
                    MemoryAvailableBytes = 4,
                    DiskTotalBytes = 100,
                    DiskFreeBytes = 50,
                    Load = 0.5,
                    ProcessResidentBytes = 1,
                },
            },
            new MemberFigures
            {
                Id = new NodeId(2), Host = "10.0.0.2:8899", Role = "leader", IsVoter = true, Shards = 128, IsUp = false,
            },
        ],
    };

    public string? HostOf(NodeId id) => Read().Members.FirstOrDefault(member => member.Id == id)?.Host;
}
