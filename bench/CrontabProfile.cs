using System.Diagnostics;
using System.Globalization;
using XCron.Daemon.Schedules;

namespace bench;

/// <summary>
/// What the next occurrence of a crontab line costs, from random moments of ten years, the best of several rounds. The
/// rare lines are there to show that no minutes are walked: their cost is that of some years' days at most.
/// </summary>
internal static class CrontabProfile
{
    private const int Rounds = 7;
    private const int CallsInRound = 20_000;
    private const int Seed = 5;

    private static readonly string[] Lines =
    [
        "* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *", "0 1 * * mon-fri", "0 0 13 * 5", "0 0 1 1 *",
        "0 0 29 2 *", "0 0 29 2 */7", "0 0 31 12 */7",
    ];

    private static readonly string[] Zones = ["UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"];

    public static void Run()
    {
        Console.WriteLine($"{"line",-18} {string.Join(" ", Zones.Select(static zone => $"{zone,20}"))}   ns a call");
        foreach (var line in Lines)
        {
            var costs = Zones.Select(zone => CostOf(line, zone).ToString("0", CultureInfo.InvariantCulture));
            Console.WriteLine($"{line,-18} {string.Join(" ", costs.Select(static cost => $"{cost,20}"))}");
        }
    }

    private static double CostOf(string line, string zone)
    {
        var from = DateTimeOffset.Parse("2025-01-01T00:00Z", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var to = DateTimeOffset.Parse("2035-01-01T00:00Z", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var schedule = ((ScheduleParse.Parsed)ScheduleParser.Parse(line, zone, from)).Schedule;
        var random = new Random(Seed);
        var moments = Enumerable.Range(0, CallsInRound).Select(_ => random.NextInt64(from, to)).ToArray();
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var sum = 0L;
            foreach (var moment in moments)
                sum += schedule.NextAfter(moment);
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (sum == 0)
                throw new InvalidOperationException($"{line} never fires");
            best = Math.Min(best, elapsed.TotalNanoseconds / CallsInRound);
        }

        return best;
    }
}
