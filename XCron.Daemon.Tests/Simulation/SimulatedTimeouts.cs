using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// How patient a simulated cluster is. Months of time are bearable only with fewer heartbeats, so everything that waits
/// for others is stretched by one factor, which keeps their proportions.
/// </summary>
internal sealed record SimulatedTimeouts(int Stretch)
{
    public TimeSpan Heartbeat => TimeSpan.FromMilliseconds(100L * Stretch);

    public TimeSpan Election => TimeSpan.FromMilliseconds(1000L * Stretch);

    public TimeSpan Owner => TimeSpan.FromMilliseconds(2000L * Stretch);

    public TimeSpan Report => TimeSpan.FromMilliseconds(500L * Stretch);

    public TimeSpan Request => TimeSpan.FromMilliseconds(3000L * Stretch);

    public TimeSpan Retry => TimeSpan.FromMilliseconds(50L * Stretch);

    public TimeSpan MisfireThreshold => TimeSpan.FromSeconds(60L * Stretch);

    /// <summary>How long after the last fault the cluster may take until it serves as if there had been none.</summary>
    public long RecoveryMs => 20_000L * Stretch;

    public int LongestSleepMs => Stretch == 1 ? TimingLoop.MaxSleepMs : 3_600_000;
}
