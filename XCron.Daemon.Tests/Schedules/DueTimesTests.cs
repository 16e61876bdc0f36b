using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

internal sealed class DueTimesTests
{
    private const long Minute = 60_000;

    // 2023-11-14 22:00:00 UTC.
    private const long Start = 1_699_999_200_000;

    [Test]
    public void Start_and_end_bound_the_times_and_are_included()
    {
        var due = Due("* * * * *", startMs: Start, endMs: Start + 2 * Minute);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(due.NextAfter(0), Is.EqualTo(Start));
            Assert.That(due.NextAfter(Start), Is.EqualTo(Start + Minute));
            Assert.That(due.NextAfter(Start + Minute), Is.EqualTo(Start + 2 * Minute));
            Assert.That(due.NextAfter(Start + 2 * Minute), Is.Zero);
            Assert.That(due.LatestBegun(Start, Start + 60 * Minute), Is.EqualTo(Start + 2 * Minute));
            Assert.That(due.Count(Start, Start + 60 * Minute), Is.EqualTo(2));
        }
    }

    [Test]
    public void A_delay_is_fixed_for_task_and_time_and_spreads_over_the_jitter()
    {
        var delays = new List<long>();
        for (var task = 1; task <= 1000; task++)
        {
            var due = Due("0 * * * *", jitterMs: 10 * Minute, task: task);
            delays.Add(due.DelayMs(Start));
            Assert.That(due.DelayMs(Start), Is.EqualTo(delays[^1]), $"task {task}");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(delays, Has.All.InRange(0, 10 * Minute));
            Assert.That(delays.Average(), Is.EqualTo(5 * Minute).Within(Minute / 2));
            Assert.That(delays.Distinct().Count(), Is.GreaterThan(990));
            var again = Due("0 * * * *", jitterMs: 10 * Minute, task: 7);
            Assert.That(again.DelayMs(Start + 60 * Minute), Is.Not.EqualTo(again.DelayMs(Start)));
        }
    }

    [Test]
    public void No_run_is_moved_to_the_next_time_or_past_the_end()
    {
        for (var task = 1; task <= 200; task++)
        {
            var due = Due("* * * * *", endMs: Start + Minute + 500, jitterMs: 60 * Minute, task: task);

            Assert.That(due.DelayMs(Start), Is.InRange(0, Minute - 1), $"task {task}");
            Assert.That(due.DelayMs(Start + Minute), Is.InRange(0, 500), $"task {task}");
        }
    }

    [Test]
    public void The_latest_begun_is_the_one_that_walking_all_of_them_finds([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var due = Due("*/7 3-22 * * *", jitterMs: random.Next(3_600_000), task: random.NextInt64());
        for (var i = 0; i < 200; i++)
        {
            var firstMs = due.NextAfter(Start + random.NextInt64(1000 * Minute));
            var nowMs = firstMs + due.DelayMs(firstMs) + random.NextInt64(600 * Minute);
            var walkedMs = firstMs;
            for (var atMs = firstMs; atMs != 0 && atMs <= nowMs; atMs = due.NextAfter(atMs))
                walkedMs = atMs + due.DelayMs(atMs) <= nowMs ? atMs : walkedMs;

            Assert.That(due.LatestBegun(firstMs, nowMs), Is.EqualTo(walkedMs), $"seed {seed}, {firstMs}, {nowMs}");
        }
    }

    private static DueTimes Due(
        string format, long startMs = 0, long endMs = 0, long jitterMs = 0, long task = 7)
    {
        var parsed = (ScheduleParse.Parsed)ScheduleParser.Parse(format, "UTC", Start);
        return new DueTimes(parsed.Schedule, task, startMs, endMs, jitterMs);
    }
}
