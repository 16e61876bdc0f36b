using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

/// <summary>Every occurrence of many expressions, against <see cref="NaiveCron"/>.</summary>
internal sealed class CrontabBruteForceTests
{
    private static readonly string[] Expressions =
    [
        "* * * * *", "*/7 * * * *", "0 * * * *", "30 * * * *", "5-20/5 * * * *", "*/15 2 * * *", "* 1-3 * * *",
        "0 */2 * * *", "30 */3 * * *", "0 0 * * *", "30 0 * * *", "0 1 * * *", "30 1 * * *", "0 2 * * *",
        "15,45 2 * * *", "30 2 * * *", "0 3 * * *", "59 23 * * *", "45 23 * * *", "0 1,2,3 * * *",
        "10-50/10 1-2 * * *", "0-59 0-23 * * *", "0 0 13 * 5", "0 0 */2 * 1", "0 0 *,5 * 1", "0 0 5,* * 1",
        "0 0 1-31 * 1", "0 0 1 * */2", "30 1 * 11 sun", "30 2 8-14 3 *", "0 2 8-14 3 */7", "*/5 2 8-14 3 */7",
        "0 0 29 2 *", "0 12 31 * *", "0 0 1 jan,JUL *", "0 9-17 * * mon-fri", "0 0 * * fri-sun", "0 0 * * 5-7",
        "0 0 * * 7", "30/10 1/6 * * *", "? ? ? ? ?", "* 2 * * *", "1 ? 4 11 ?", "0 0 28-31 * 0",
    ];

    private static readonly string[] WithSeconds =
    [
        "*/10 30 2 * * *", "0 30 1 * * *", "5 * * * * *", "*/7 */20 1-3 * * *", "59 59 0,1,2,23 * * *",
        "* 0 2,3 * * *", "30 0,30 * * * *", "0/15 0 0 * * *",
    ];

    [TestCase("UTC", 2025)]
    [TestCase("Asia/Shanghai", 2025)]
    [TestCase("America/New_York", 2025)]
    [TestCase("Australia/Lord_Howe", 2025)]
    [TestCase("America/Sao_Paulo", 2018)]
    public void Every_minute_of_two_years_agrees(string timezone, int year)
    {
        var walk = new NaiveCron.ZoneWalk(timezone, new DateTime(year, 1, 1), new DateTime(year + 2, 1, 1), 60);

        foreach (var expression in Expressions)
            RequireAgreement(expression, walk, 200);
    }

    /// <summary>
    /// Half an hour back for good, forward, two hours of summer time, a day left out, winter time in summer (Dublin),
    /// a month without summer time (Casablanca), no more summer time at all, and one that ends and begins anew.
    /// </summary>
    [TestCase("America/Caracas", 2007, 12)]
    [TestCase("America/Caracas", 2016, 5)]
    [TestCase("Asia/Pyongyang", 2015, 8)]
    [TestCase("Antarctica/Troll", 2025, 3)]
    [TestCase("Antarctica/Troll", 2025, 10)]
    [TestCase("Pacific/Apia", 2011, 12)]
    [TestCase("Pacific/Kwajalein", 1993, 8)]
    [TestCase("Europe/Dublin", 2025, 3)]
    [TestCase("Europe/Dublin", 2025, 10)]
    [TestCase("Africa/Casablanca", 2025, 2)]
    [TestCase("Africa/Casablanca", 2025, 4)]
    [TestCase("America/Sao_Paulo", 2018, 11)]
    [TestCase("America/Sao_Paulo", 2019, 2)]
    [TestCase("Australia/Lord_Howe", 2026, 4)]
    [TestCase("Australia/Lord_Howe", 2026, 10)]
    [TestCase("Asia/Gaza", 2011, 8)]
    [TestCase("America/Havana", 2025, 3)]
    [TestCase("America/Havana", 2025, 11)]
    [TestCase("Asia/Beirut", 2025, 3)]
    [TestCase("Africa/Cairo", 2024, 4)]
    [TestCase("Europe/Moscow", 2011, 3)]
    [TestCase("Europe/Moscow", 2014, 10)]
    [TestCase("Pacific/Chatham", 2025, 9)]
    [TestCase("Asia/Kathmandu", 1985, 12)]
    public void Every_minute_around_a_change_of_offset_agrees(string timezone, int year, int month)
    {
        var first = new DateTime(year, month, 1);
        var walk = new NaiveCron.ZoneWalk(timezone, first.AddDays(-4), first.AddDays(35), 60);
        Assert.That(
            walk.Shown[^1].Time - walk.Shown[0].Time, Is.Not.EqualTo(walk.End - walk.Start - 60).Or.EqualTo(0),
            "the offset changes within the time");

        foreach (var expression in Expressions)
            RequireAgreement(expression, walk, 200);
    }

    [TestCase("America/New_York", "2026-03-08 04:00")]
    [TestCase("America/New_York", "2026-11-01 03:00")]
    [TestCase("Australia/Lord_Howe", "2026-04-04 12:00")]
    [TestCase("Australia/Lord_Howe", "2026-10-03 12:00")]
    [TestCase("America/Sao_Paulo", "2018-11-04 00:00")]
    [TestCase("Europe/London", "2038-03-27 22:00")]
    public void Every_second_around_a_change_of_offset_agrees(string timezone, string from)
    {
        var start = DateTime.Parse(from, System.Globalization.CultureInfo.InvariantCulture);
        var walk = new NaiveCron.ZoneWalk(timezone, start, start.AddHours(8), 1);

        foreach (var expression in WithSeconds)
            RequireAgreement(expression, walk, 200);
    }

    private static void RequireAgreement(string expression, NaiveCron.ZoneWalk walk, int samples)
    {
        var expected = new NaiveCron(expression).Occurrences(walk);
        var parsed = ScheduleParser.Parse(expression, walk.Timezone, walk.Start * 1000);
        if (parsed is ScheduleParse.NeverFires && expected.Count == 0)
            return;

        var schedule = ((ScheduleParse.Parsed)parsed).Schedule;
        var because = $"'{expression}' in {walk.Timezone}";
        List<long> actual = [];
        var at = walk.Start * 1000 - 1;
        while (true)
        {
            var next = schedule.NextAfter(at);
            if (next == 0 || next >= walk.End * 1000)
                break;
            if (next <= at || next % 1000 != 0)
                Assert.Fail($"{because}: {next} comes after {at}");
            actual.Add(next / 1000);
            at = next;
        }

        if (!actual.SequenceEqual(expected))
            Assert.Fail($"{because}: {Difference(expected, actual)}");
        RequireLatest(schedule, walk, expected, samples, because);
    }

    private static void RequireLatest(
        ISchedule schedule, NaiveCron.ZoneWalk walk, List<long> occurrences, int samples, string because)
    {
        const int Seed = 17;
        var random = new Random(Seed);
        for (var sample = 0; sample < samples; sample++)
        {
            // Half of them around an occurrence, where an error by one would show.
            var at = random.NextInt64(walk.Start * 1000, walk.End * 1000);
            if (sample % 2 == 0 && occurrences.Count > 0)
                at = occurrences[random.Next(occurrences.Count)] * 1000 + random.Next(-1, 2);
            var index = occurrences.BinarySearch(at / 1000);
            var latest = index >= 0 ? occurrences[index] * 1000 : ~index > 0 ? occurrences[~index - 1] * 1000 : 0;
            var notBefore = (sample % 3) switch
            {
                0 => walk.Start * 1000 - 1,
                1 => Math.Max(walk.Start * 1000 - 1, latest - random.Next(2)),
                _ => random.NextInt64(walk.Start * 1000 - 1, at + 1),
            };

            var actual = schedule.LatestAtOrBefore(at, notBefore);
            if (actual != (latest > notBefore ? latest : 0))
                Assert.Fail($"{because}: latest in ({notBefore}, {at}] is {latest}, but came out as {actual}");
        }
    }

    private static string Difference(List<long> expected, List<long> actual)
    {
        var missing = expected.Except(actual).Take(3).Select(Show);
        var extra = actual.Except(expected).Take(3).Select(Show);
        return $"{expected.Count} expected, {actual.Count} came; missing {string.Join(", ", missing)}; "
            + $"too many {string.Join(", ", extra)}";
    }

    private static string Show(long unixSeconds) => DateTime.UnixEpoch.AddSeconds(unixSeconds).ToString("u");
}
