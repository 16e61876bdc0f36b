using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>What the checker found; one line of it is the soak's answer.</summary>
internal sealed record SoakVerdict
{
    /// <summary>A run that is later than this is told of: late, and not lost.</summary>
    public const long LateMs = 10_000;

    public required int Due { get; init; }

    public required int Sent { get; init; }

    public required int Lost { get; init; }

    public required int Early { get; init; }

    /// <summary>Sent again after it was answered with success, within the window of a fault.</summary>
    public required int Doubled { get; init; }

    public required int Unexplained { get; init; }

    public required int AfterDelete { get; init; }

    /// <summary>Lateness of every run's first attempt in milliseconds, in order.</summary>
    public required long[] LatenessMs { get; init; }

    /// <summary>Of those that were due, and sent, while no fault was on.</summary>
    public required long[] QuietLatenessMs { get; init; }

    /// <summary>The runs that were more than <see cref="LateMs"/> late, the latest first.</summary>
    public required IReadOnlyList<string> Late { get; init; }

    /// <summary>A sentence for each thing that must not be.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    public string Line(IEnumerable<FaultWindow> windows, int seed, IEnumerable<FaultKind> leftOut)
    {
        var faults = windows.GroupBy(window => window.Kind).OrderBy(group => group.Key)
            .Select(group => $"{FaultNames.Of(group.Key)} {group.Count()}");
        var without = string.Join(", ", leftOut.Order().Select(FaultNames.Of));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"runs due {Due}, sent {Sent}, lost {Lost}, early {Early}, doubled {Doubled} (unexplained {Unexplained}), "
            + $"after delete {AfterDelete}; lateness {Of(LatenessMs)}, without faults {Of(QuietLatenessMs)}, "
            + $"over {LateMs / 1000} s: {Late.Count}; "
            + $"faults: {string.Join(", ", faults)}{(without.Length > 0 ? $" (without {without})" : "")}; seed {seed}");
    }

    private static string Of(long[] lateness)
    {
        var count = lateness.Length;
        return count == 0
            ? "unknown"
            : $"p50 {lateness[count / 2]} ms, p99 {lateness[count * 99 / 100]} ms, max {lateness[^1]} ms";
    }
}
