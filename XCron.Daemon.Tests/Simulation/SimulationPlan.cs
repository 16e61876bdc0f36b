namespace XCron.Daemon.Tests.Simulation;

/// <summary>What kind of run a seed means: dense minutes full of faults, or long months with few.</summary>
internal sealed record SimulationPlan
{
    private const long MinuteMs = 60_000;
    private const long DayMs = 24 * 60 * MinuteMs;

    /// <summary>
    /// Moments of 2026, in minutes since its begin, shortly before a clock somewhere is moved: New York, Berlin, Lord
    /// Howe, each way.
    /// </summary>
    private static readonly DateTime[] ClockChanges =
    [
        new(2026, 3, 8, 6, 56, 0), new(2026, 3, 29, 0, 56, 0), new(2026, 4, 4, 14, 56, 0),
        new(2026, 10, 3, 15, 26, 0), new(2026, 10, 25, 0, 56, 0), new(2026, 11, 1, 5, 56, 0),
    ];

    public required int Seed { get; init; }

    public required int Nodes { get; init; }

    public required bool IsLong { get; init; }

    public required int Stretch { get; init; }

    public required long StartMs { get; init; }

    public required long LengthMs { get; init; }

    public required int Tasks { get; init; }

    public required long SnapshotLogBytes { get; init; }

    public required int UsualDelayMs { get; init; }

    public static SimulationPlan Draw(int seed, Random random)
    {
        var isLong = seed % 3 == 0;
        var nodes = random.Next(10) switch { < 2 => 1, < 8 => 3, _ => 5 };
        return isLong ? DrawLong(seed, random, Math.Min(nodes, 3)) : DrawDense(seed, random, nodes);
    }

    private static SimulationPlan DrawDense(int seed, Random random, int nodes)
    {
        var nearChange = (ClockChanges[random.Next(ClockChanges.Length)] - new DateTime(2026, 1, 1)).Ticks
            / TimeSpan.TicksPerMillisecond;
        return new SimulationPlan
        {
            Seed = seed,
            Nodes = nodes,
            IsLong = false,
            Stretch = 1,
            StartMs = random.Next(2) == 0 ? nearChange + random.NextInt64(4 * MinuteMs) : random.NextInt64(300 * DayMs),
            LengthMs = random.NextInt64(3 * MinuteMs, 7 * MinuteMs),
            Tasks = random.Next(20, 90),
            SnapshotLogBytes = random.Next(8_000, 80_000),
            UsualDelayMs = random.Next(1, 30),
        };
    }

    private static SimulationPlan DrawLong(int seed, Random random, int nodes)
    {
        var spring = (new DateTime(2026, 3, 1) - new DateTime(2026, 1, 1)).Ticks / TimeSpan.TicksPerMillisecond;
        var autumn = (new DateTime(2026, 9, 25) - new DateTime(2026, 1, 1)).Ticks / TimeSpan.TicksPerMillisecond;
        return new SimulationPlan
        {
            Seed = seed,
            Nodes = nodes,
            IsLong = true,
            Stretch = random.Next(3) == 0 ? 300 : 1000,
            StartMs = (random.Next(2) == 0 ? spring : autumn) + random.NextInt64(5 * DayMs),
            LengthMs = random.NextInt64(20 * DayMs, 45 * DayMs),
            Tasks = random.Next(10, 30),
            SnapshotLogBytes = random.Next(20_000, 200_000),
            UsualDelayMs = random.Next(1, 30),
        };
    }
}
