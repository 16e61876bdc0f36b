using System.Globalization;

namespace bench.Raft;

/// <summary>What one run of a load came to.</summary>
/// <param name="PerSecond">Proposals, or entries, a second.</param>
/// <param name="Median">Time from a proposal to its outcome that half of them stayed below.</param>
/// <param name="Percentile99">The same for 99 of 100.</param>
/// <param name="Processor">
/// Processor time of the whole process for each; says more than the rate on a busy machine.
/// </param>
internal sealed record Measurement(double PerSecond, TimeSpan Median, TimeSpan Percentile99, TimeSpan Processor)
{
    /// <summary>Heads the lines of <see cref="ToString"/>.</summary>
    public static string Columns => $"{"per second",12} | {"p50 ms",8} | {"p99 ms",8} | {"cpu µs",8}";

    /// <param name="elapsed">How long the load ran.</param>
    /// <param name="processor">What the process used meanwhile.</param>
    /// <param name="ticks">A time of each proposal, in ticks of TimeProvider; is sorted here.</param>
    public static Measurement Of(TimeSpan elapsed, TimeSpan processor, long[] ticks)
    {
        Array.Sort(ticks);
        return new Measurement(ticks.Length / elapsed.TotalSeconds, At(0.5), At(0.99), processor / ticks.Length);

        TimeSpan At(double share) =>
            TimeProvider.System.GetElapsedTime(0, ticks[(int)Math.Min(ticks.Length - 1, ticks.Length * share)]);
    }

    /// <summary>The run whose rate is in the middle.</summary>
    public static Measurement MedianOf(IEnumerable<Measurement> runs)
    {
        var sorted = runs.OrderBy(run => run.PerSecond).ToArray();
        return sorted[sorted.Length / 2];
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{PerSecond,12:N0} | {Median.TotalMilliseconds,8:N2} | {Percentile99.TotalMilliseconds,8:N2} | "
        + $"{Processor.TotalMicroseconds,8:N2}");
}
