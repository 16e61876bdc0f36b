using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

internal sealed class IntervalScheduleTests
{
    private const long Start = 1_767_225_600_123;

    [TestCase("@every 1s", 1000)]
    [TestCase("@every 90s", 90_000)]
    [TestCase("@Every 1h30m", 5_400_000)]
    [TestCase("@every  1h30m15s", 5_415_000)]
    [TestCase("@every 30m1h", 5_400_000)]
    [TestCase("@every 1.5h", 5_400_000)]
    [TestCase("@every 1500ms", 1500)]
    [TestCase("TZ=Asia/Tokyo @every 1m", 60_000)]
    public void Counts_whole_intervals_from_the_start(string expression, long intervalMs)
    {
        var schedule = ((ScheduleParse.Parsed)ScheduleParser.Parse(expression, "UTC", Start)).Schedule;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.NextAfter(0), Is.EqualTo(Start + intervalMs));
            Assert.That(schedule.NextAfter(Start), Is.EqualTo(Start + intervalMs));
            Assert.That(schedule.NextAfter(Start + intervalMs - 1), Is.EqualTo(Start + intervalMs));
            Assert.That(schedule.NextAfter(Start + intervalMs), Is.EqualTo(Start + 2 * intervalMs));
            Assert.That(schedule.NextAfter(Start + 1000 * intervalMs + 1), Is.EqualTo(Start + 1001 * intervalMs));
            Assert.That(schedule.LatestAtOrBefore(Start + intervalMs - 1, 0), Is.Zero);
            Assert.That(schedule.LatestAtOrBefore(Start + intervalMs, 0), Is.EqualTo(Start + intervalMs));
            Assert.That(
                schedule.LatestAtOrBefore(Start + 7 * intervalMs + 5, Start), Is.EqualTo(Start + 7 * intervalMs));
            Assert.That(schedule.LatestAtOrBefore(Start + 7 * intervalMs, Start + 7 * intervalMs), Is.Zero);
            Assert.That(schedule.NextAfter(long.MaxValue), Is.Zero);
        }
    }

    [TestCase("@every 1h30m", "Every 1 hour and 30 minutes, counted from the task's start.")]
    [TestCase("@every 1s", "Every second, counted from the task's start.")]
    [TestCase("@every 25h1m1s", "Every 25 hours, 1 minute and 1 second, counted from the task's start.")]
    [TestCase("@every 1001ms", "Every 1 second and 1 millisecond, counted from the task's start.")]
    public void Says_the_interval_in_words(string expression, string expected) =>
        Assert.That(Crontab.Schedule(expression).Describe(), Is.EqualTo(expected));
}
