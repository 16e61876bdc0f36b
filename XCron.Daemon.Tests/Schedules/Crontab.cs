using System.Globalization;
using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

/// <summary>What the tests of this folder say often, in short.</summary>
internal static class Crontab
{
    public static ISchedule Schedule(string expression, string timezone = "UTC") =>
        ScheduleParser.Parse(expression, timezone, Ms("2026-01-01 00:00:00")) switch
        {
            ScheduleParse.Parsed parsed => parsed.Schedule,
            var refused => throw new AssertionException($"'{expression}' was refused: {refused}"),
        };

    /// <summary>Unix milliseconds of a time in UTC.</summary>
    public static long Ms(string utc) => new DateTimeOffset(
        DateTime.Parse(utc, CultureInfo.InvariantCulture), TimeSpan.Zero).ToUnixTimeMilliseconds();

    public static string Show(long unixMs) => unixMs == 0
        ? "never"
        : DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The next occurrences, in UTC.</summary>
    public static List<string> Next(this ISchedule schedule, string afterUtc, int count)
    {
        List<string> times = [];
        var at = Ms(afterUtc);
        while (times.Count < count)
        {
            at = schedule.NextAfter(at);
            times.Add(Show(at));
        }

        return times;
    }
}
