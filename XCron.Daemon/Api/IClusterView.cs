using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>What this node knows of the cluster at the moment. Thread-safe; never waits.</summary>
internal interface IClusterView
{
    ClusterFigures Read();

    /// <summary>The address of a member, "host:port", or null where it is none.</summary>
    string? HostOf(NodeId id);
}

/// <summary>The cluster as one node sees it.</summary>
internal sealed record ClusterFigures
{
    /// <summary>The node that was asked.</summary>
    public required NodeId Self { get; init; }

    /// <summary><see cref="NodeId.None"/> while nobody leads.</summary>
    public required NodeId Leader { get; init; }

    public required long Term { get; init; }

    public required IReadOnlyList<MemberFigures> Members { get; init; }
}

/// <summary>One member. What is not known of a member that does not report is null.</summary>
internal sealed record MemberFigures
{
    public required NodeId Id { get; init; }

    /// <summary>Where its peers reach it, "host:port".</summary>
    public required string Host { get; init; }

    /// <summary>Where clients reach it, "host:port".</summary>
    public string? HttpHost { get; init; }

    /// <summary>leader, follower, candidate or learner.</summary>
    public required string Role { get; init; }

    public required bool IsVoter { get; init; }

    public long? Term { get; init; }

    public long? CommitIndex { get; init; }

    public long? AppliedIndex { get; init; }

    /// <summary>How many entries it is behind the leader.</summary>
    public long? Lag { get; init; }

    /// <summary>How many of the 256 shards it owns.</summary>
    public required int Shards { get; init; }

    public required bool IsUp { get; init; }

    /// <summary>Since when it has been up or down, unix milliseconds.</summary>
    public long? SinceMs { get; init; }

    public string? Version { get; init; }

    /// <summary>Its wall clock minus that of the node that was asked; null where it was not measured.</summary>
    public TimeSpan? ClockOffset { get; init; }

    /// <summary>How far that may be wrong.</summary>
    public TimeSpan? ClockOffsetError { get; init; }

    public MachineLoad? Machine { get; init; }
}

/// <summary>How a member's machine is.</summary>
internal sealed record MachineLoad
{
    /// <summary>0 to 1, of all cores.</summary>
    public required double CpuShare { get; init; }

    public required long MemoryTotalBytes { get; init; }

    public required long MemoryAvailableBytes { get; init; }

    public required long DiskTotalBytes { get; init; }

    public required long DiskFreeBytes { get; init; }

    /// <summary>The load average of one minute.</summary>
    public required double Load { get; init; }

    public required long ProcessResidentBytes { get; init; }
}
