using XCron.Daemon.Commands;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>What is known of another node, as of its last report. Immutable.</summary>
internal sealed record MemberStatus
{
    public required OwnerSession Session { get; init; }

    public required bool Draining { get; init; }

    /// <summary>
    /// The epoch of the owners up to which it holds no attempt of those that it was granted; 0 while it holds some.
    /// </summary>
    public long IdleEpoch { get; init; }

    /// <summary>Callbacks are on their way, or their results are not recorded yet.</summary>
    public bool Busy { get; init; }

    public required string Version { get; init; }

    public required string Address { get; init; }

    public required string HttpAddress { get; init; }

    public required long AppliedIndex { get; init; }

    /// <summary>How far it knows the log to be committed; 0 where it does not tell.</summary>
    public long CommitIndex { get; init; }

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
