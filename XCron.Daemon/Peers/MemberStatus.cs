using XCron.Daemon.Commands;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>What is known of another node, as of its last report. Immutable.</summary>
internal sealed record MemberStatus
{
    public required OwnerSession Session { get; init; }

    public required bool Draining { get; init; }

    /// <summary>Callbacks or results are on their way. While it drains, a no is for ever.</summary>
    public bool Busy { get; init; }

    /// <summary>Whom it removes, as the leader.</summary>
    public IReadOnlyList<ulong> Leaving { get; init; } = [];

    public required string Version { get; init; }

    public required string Address { get; init; }

    public required string HttpAddress { get; init; }

    public required long AppliedIndex { get; init; }

    public required MachineFigures Machine { get; init; }

    /// <summary>When it was last heard, by the local monotonic clock.</summary>
    public required long HeardTimestamp { get; init; }

    /// <summary>When it was last heard, by the local wall clock: down since, where it is down.</summary>
    public required DateTimeOffset HeardAt { get; init; }

    /// <summary>Since when it has been heard without a break or a restart.</summary>
    public required DateTimeOffset UpSince { get; init; }

    /// <summary>Its wall clock minus this node's; null until it was measured.</summary>
    public TimeSpan? ClockOffset { get; init; }

    /// <summary>How far <see cref="ClockOffset"/> may be wrong: half the round trip it was measured by.</summary>
    public TimeSpan ClockOffsetError { get; init; }
}
