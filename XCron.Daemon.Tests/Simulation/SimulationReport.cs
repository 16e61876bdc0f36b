using System.Globalization;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>What a run did and what was wrong with it.</summary>
internal sealed record SimulationReport
{
    private const int MostShown = 12;

    /// <summary>Each names what broke a promise; empty if nothing did.</summary>
    public required IReadOnlyList<string> Wrongs { get; init; }

    public long Due { get; init; }

    public long Sent { get; init; }

    public long Lost { get; init; }

    public long Early { get; init; }

    /// <summary>Sent again after a 2xx, in the window of a crash or a cut.</summary>
    public long Doubled { get; init; }

    /// <summary>Attempts claimed before an acknowledged delete, which the delete said, and begun after it.</summary>
    public long AfterDelete { get; init; }

    public long Operations { get; init; }

    public long InDoubt { get; init; }

    /// <summary>How often clients asked for what.</summary>
    public IReadOnlyDictionary<string, int> Calls { get; init; } = new Dictionary<string, int>();

    /// <summary>Of first attempts in quiet times, in ms.</summary>
    public IReadOnlyList<long> Lateness { get; init; } = [];

    /// <summary>What members and damaged disks came to.</summary>
    public IReadOnlyDictionary<string, int> Outcomes { get; init; } = new Dictionary<string, int>();

    public IReadOnlyDictionary<FaultKind, int> Faults { get; init; } = new Dictionary<FaultKind, int>();

    public SimulationReport Plus(SimulationReport other) => new()
    {
        Wrongs = [.. Wrongs, .. other.Wrongs],
        Due = Due + other.Due,
        Sent = Sent + other.Sent,
        Lost = Lost + other.Lost,
        Early = Early + other.Early,
        Doubled = Doubled + other.Doubled,
        AfterDelete = AfterDelete + other.AfterDelete,
        Operations = Operations + other.Operations,
        InDoubt = InDoubt + other.InDoubt,
        Lateness = [.. Lateness, .. other.Lateness],
        Calls = Sum(Calls, other.Calls),
        Outcomes = Sum(Outcomes, other.Outcomes),
        Faults = Sum(Faults, other.Faults),
    };

    public string WrongsShown() => string.Join(Environment.NewLine, Wrongs.Take(MostShown));

    public override string ToString()
    {
        var lateness = Lateness.Order().ToArray();
        long At(double share) => lateness.Length == 0 ? 0 : lateness[(int)((lateness.Length - 1) * share)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"due {Due}, sent {Sent}, lost {Lost}, early {Early}, doubled {Doubled}, after delete {AfterDelete}; "
            + $"lateness in quiet p50 {At(0.5)} p99 {At(0.99)} max {At(1)} ms; operations {Operations}, "
            + $"in doubt {InDoubt}: {Shown(Calls)}; faults: {Shown(Faults)}; members: {Shown(Outcomes)}");
    }

    private static string Shown<TKey>(IReadOnlyDictionary<TKey, int> counts) => string.Join(
        ", ", counts.OrderBy(static count => count.Key).Select(static count => $"{count.Key} {count.Value}"));

    private static Dictionary<TKey, int> Sum<TKey>(
        IReadOnlyDictionary<TKey, int> left, IReadOnlyDictionary<TKey, int> right)
        where TKey : notnull => left.Concat(right).GroupBy(static count => count.Key, static count => count.Value)
            .ToDictionary(static counts => counts.Key, static counts => counts.Sum());
}
