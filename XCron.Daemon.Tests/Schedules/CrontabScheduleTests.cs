namespace XCron.Daemon.Tests.Schedules;

internal sealed class CrontabScheduleTests
{
    // 2026-01-01 is a Thursday.
    [TestCase("* * * * *", "2026-01-01 00:00:00", "2026-01-01 00:01:00")]
    [TestCase("*/5 * * * *", "2026-01-01 00:04:59", "2026-01-01 00:05:00")]
    [TestCase("0 1 * * *", "2026-01-01 01:00:00", "2026-01-02 01:00:00")]
    [TestCase("00 01 * * *", "2026-01-01 00:59:59", "2026-01-01 01:00:00")]
    [TestCase("0 8 * * *", "2026-12-31 08:00:00", "2027-01-01 08:00:00")]
    [TestCase("0 0 13 * 5", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("0 0 13 * 5", "2026-01-09 00:00:00", "2026-01-13 00:00:00")]
    [TestCase("0 0 */2 * 1", "2026-01-01 00:00:00", "2026-01-05 00:00:00")]
    [TestCase("0 0 */2 * 1", "2026-01-05 00:00:00", "2026-01-19 00:00:00")]
    [TestCase("0 0 *,5 * 1", "2026-01-01 00:00:00", "2026-01-05 00:00:00")]
    [TestCase("0 0 5,* * 1", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("0 0 1-31 * 1", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("0 0 ? * 1", "2026-01-01 00:00:00", "2026-01-05 00:00:00")]
    [TestCase("0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00")]
    [TestCase("0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00")]
    [TestCase("0 0 29 2 */7", "2026-01-01 00:00:00", "2032-02-29 00:00:00")]
    [TestCase("0 0 29 2 */7", "2088-03-01 00:00:00", "2128-02-29 00:00:00")]
    [TestCase("0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00")]
    [TestCase("*/100 * * * *", "2026-01-01 00:00:00", "2026-01-01 01:00:00")]
    [TestCase("10-20/100 * * * *", "2026-01-01 00:00:00", "2026-01-01 00:10:00")]
    [TestCase("0 0 * jAn-MAR,dec *", "2026-03-31 00:00:00", "2026-12-01 00:00:00")]
    [TestCase("0 0 * * fri-sun", "2026-01-04 00:00:00", "2026-01-09 00:00:00")]
    [TestCase("0 0 * * 5-7", "2026-01-03 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("0 0 * * 0", "2026-01-01 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("0 0 * * 7", "2026-01-01 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("0 0 * * sun-tue", "2026-01-01 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("0 0 * * sun-sun", "2026-01-01 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("40/7 * * * *", "2026-01-01 00:47:00", "2026-01-01 00:54:00")]
    [TestCase("40/7 * * * *", "2026-01-01 00:54:00", "2026-01-01 01:40:00")]
    [TestCase("0 0 * * 1/2", "2026-01-02 00:00:00", "2026-01-05 00:00:00")]
    [TestCase("0 0 * * mon-fri/2", "2026-01-02 00:00:00", "2026-01-05 00:00:00")]
    [TestCase("*/10 * * * * *", "2026-01-01 00:00:55", "2026-01-01 00:01:00")]
    [TestCase("30 15 10 1 1 *", "2026-01-01 10:15:30", "2027-01-01 10:15:30")]
    [TestCase("@yearly", "2026-01-01 00:00:00", "2027-01-01 00:00:00")]
    [TestCase("@ANNUALLY", "2026-01-01 00:00:00", "2027-01-01 00:00:00")]
    [TestCase("@Monthly", "2026-01-01 00:00:00", "2026-02-01 00:00:00")]
    [TestCase("@weekly", "2026-01-01 00:00:00", "2026-01-04 00:00:00")]
    [TestCase("@daily", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("@midnight", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("@hourly", "2026-01-01 00:00:00", "2026-01-01 01:00:00")]
    [TestCase("  0\t1  * * *\t", "2026-01-01 00:00:00", "2026-01-01 01:00:00")]
    [TestCase("CRON_TZ=Asia/Shanghai 0 8 * * *", "2026-01-01 00:00:00", "2026-01-02 00:00:00")]
    [TestCase("TZ=Asia/Tokyo\t@daily", "2026-01-01 00:00:00", "2026-01-01 15:00:00")]
    public void Next_occurrence_is_as_crontab_has_it(string expression, string after, string expected)
    {
        var next = Crontab.Schedule(expression).NextAfter(Crontab.Ms(after));

        Assert.That(Crontab.Show(next), Is.EqualTo(expected));
    }

    [Test]
    public void A_fixed_job_inside_the_gap_runs_once_when_the_gap_ends()
    {
        // New York, 2026-03-08: 02:00 becomes 03:00, which is 07:00 UTC.
        Assert.That(
            Crontab.Schedule("30 2 * * *", "America/New_York").Next("2026-03-07 12:00", 2),
            Is.EqualTo(["2026-03-08 07:00:00", "2026-03-09 06:30:00"]));
        Assert.That(
            Crontab.Schedule("10,20,30 2,3 * * *", "America/New_York").Next("2026-03-07 12:00", 3),
            Is.EqualTo(["2026-03-08 07:00:00", "2026-03-08 07:10:00", "2026-03-08 07:20:00"]));
        Assert.That(
            Crontab.Schedule("0 2,3 * * *", "America/New_York").Next("2026-03-07 12:00", 2),
            Is.EqualTo(["2026-03-08 07:00:00", "2026-03-09 06:00:00"]), "one moment, one run");
    }

    [Test]
    public void A_wildcard_job_follows_the_clock_through_gap_and_repeated_hour()
    {
        var inTheGap = Crontab.Schedule("*/20 2 * * *", "America/New_York");
        Assert.That(inTheGap.Next("2026-03-07 12:00", 1), Is.EqualTo(["2026-03-09 06:00:00"]));

        // 2026-11-01: 02:00 becomes 01:00 again, at 06:00 UTC.
        var repeated = Crontab.Schedule("*/30 1 * * *", "America/New_York");
        Assert.That(
            repeated.Next("2026-11-01 04:00", 5),
            Is.EqualTo(
            [
                "2026-11-01 05:00:00", "2026-11-01 05:30:00", "2026-11-01 06:00:00", "2026-11-01 06:30:00",
                "2026-11-02 06:00:00",
            ]));
    }

    [Test]
    public void A_fixed_time_that_comes_twice_runs_the_first_time_only()
    {
        Assert.That(
            Crontab.Schedule("30 1 * * *", "America/New_York").Next("2026-11-01 04:00", 2),
            Is.EqualTo(["2026-11-01 05:30:00", "2026-11-02 06:30:00"]));
        Assert.That(
            Crontab.Schedule("45 1 * * *", "Australia/Lord_Howe").Next("2026-04-04 12:00", 2),
            Is.EqualTo(["2026-04-04 14:45:00", "2026-04-05 15:15:00"]));
    }

    [Test]
    public void A_day_that_begins_at_one_runs_its_midnight_job_then()
    {
        // Sao Paulo, 2018-11-04: 00:00 becomes 01:00, at 03:00 UTC.
        Assert.That(
            Crontab.Schedule("0 0 * * *", "America/Sao_Paulo").Next("2018-11-03 12:00", 2),
            Is.EqualTo(["2018-11-04 03:00:00", "2018-11-05 02:00:00"]));
        Assert.That(
            Crontab.Schedule("@hourly", "America/Sao_Paulo").Next("2018-11-04 02:00", 2),
            Is.EqualTo(["2018-11-04 03:00:00", "2018-11-04 04:00:00"]));
    }

    [Test]
    public void A_gap_of_thirty_minutes_is_a_gap()
    {
        // Lord Howe, 2026-10-04: 02:00 becomes 02:30, at 15:30 UTC the day before.
        Assert.That(
            Crontab.Schedule("15 2 * * *", "Australia/Lord_Howe").Next("2026-10-03 00:00", 2),
            Is.EqualTo(["2026-10-03 15:30:00", "2026-10-04 15:15:00"]));
        Assert.That(
            Crontab.Schedule("45 2 * * *", "Australia/Lord_Howe").Next("2026-10-03 00:00", 1),
            Is.EqualTo(["2026-10-03 15:45:00"]));
    }

    [Test]
    public void Occurrences_never_go_back_nor_stand_still_from_any_millisecond()
    {
        const int Seed = 23;
        var random = new Random(Seed);
        string[] zones = ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC"];
        string[] expressions = ["* * * * *", "30 1 * * *", "0 0 29 2 */7", "*/10 30 2 * * *", "30 2 31 3,10 *"];
        foreach (var zone in zones)
        {
            foreach (var expression in expressions)
            {
                var schedule = Crontab.Schedule(expression, zone);
                for (var i = 0; i < 500; i++)
                {
                    var at = random.NextInt64(Crontab.Ms("2000-01-01"), Crontab.Ms("2090-01-01"));
                    var next = schedule.NextAfter(at);
                    var because = $"'{expression}' in {zone} after {at}, seed {Seed}";
                    Assert.That(next, Is.GreaterThan(at), because);
                    Assert.That(schedule.NextAfter(next - 1), Is.EqualTo(next), because);
                    Assert.That(schedule.LatestAtOrBefore(next, at), Is.EqualTo(next), because);
                    Assert.That(schedule.LatestAtOrBefore(next - 1, at), Is.Zero, because);
                }
            }
        }
    }

    [Test]
    public void Moments_at_the_ends_of_time_are_answered()
    {
        var schedule = Crontab.Schedule("0 0 1 1 *", "Pacific/Kiritimati");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.NextAfter(long.MaxValue), Is.Zero);
            Assert.That(schedule.NextAfter(long.MinValue), Is.Positive);
            Assert.That(schedule.NextAfter(-1), Is.Positive);
            Assert.That(schedule.LatestAtOrBefore(long.MaxValue, long.MinValue), Is.Positive);
            Assert.That(schedule.LatestAtOrBefore(long.MinValue, long.MaxValue), Is.Zero);
            Assert.That(schedule.LatestAtOrBefore(0, long.MinValue), Is.Zero);
            Assert.That(Crontab.Schedule("59 59 23 31 12 *").NextAfter(Crontab.Ms("8999-12-31 23:59:58")), Is.Positive);
        }
    }

    [Test]
    public void The_latest_of_a_long_outage_is_found()
    {
        var rare = Crontab.Schedule("0 0 29 2 */7", "Europe/Berlin");
        var often = Crontab.Schedule("* * * * * *", "Europe/Berlin");
        var (from, to) = (Crontab.Ms("1990-01-01"), Crontab.Ms("2026-05-05 05:05:05"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Crontab.Show(rare.LatestAtOrBefore(to, from)), Is.EqualTo("2004-02-28 23:00:00"));
            Assert.That(rare.LatestAtOrBefore(to, Crontab.Ms("2004-02-28 23:00:00")), Is.Zero);
            Assert.That(Crontab.Show(often.LatestAtOrBefore(to + 999, from)), Is.EqualTo("2026-05-05 05:05:05"));
        }
    }
}
