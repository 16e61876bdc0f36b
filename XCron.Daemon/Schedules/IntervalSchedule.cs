using System.Globalization;

namespace XCron.Daemon.Schedules;

/// <summary>"@every 1h30m": whole intervals counted from the task's start, whatever clocks on walls show.</summary>
internal sealed class IntervalSchedule(long startUnixMs, long intervalMs) : ISchedule
{
    public const long ShortestMs = 1000;

    /// <summary>A hundred years of 365 days.</summary>
    public const long LongestMs = 100L * 365 * 86_400_000;

    public long NextAfter(long afterUnixMs)
    {
        if (afterUnixMs < startUnixMs)
            return startUnixMs + intervalMs;
        if (afterUnixMs > long.MaxValue - intervalMs)
            return 0;
        return afterUnixMs - (afterUnixMs - startUnixMs) % intervalMs + intervalMs;
    }

    public long LatestAtOrBefore(long atUnixMs, long notBeforeUnixMs)
    {
        if (atUnixMs < startUnixMs + intervalMs)
            return 0;
        var latest = atUnixMs - (atUnixMs - startUnixMs) % intervalMs;
        return latest > notBeforeUnixMs ? latest : 0;
    }

    public string Describe()
    {
        List<string> parts = [];
        Add(parts, intervalMs / 3_600_000, "hour");
        Add(parts, intervalMs / 60_000 % 60, "minute");
        Add(parts, intervalMs / 1000 % 60, "second");
        Add(parts, intervalMs % 1000, "millisecond");
        var interval = parts is ["1 hour" or "1 minute" or "1 second"] ? parts[0][2..] : CrontabWords.Join(parts);
        return $"Every {interval}, counted from the task's start.";
    }

    private static void Add(List<string> parts, long count, string unit)
    {
        if (count > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}"));
    }
}
