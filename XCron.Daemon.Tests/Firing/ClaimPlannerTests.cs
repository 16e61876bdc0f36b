using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

internal sealed class ClaimPlannerTests
{
    private const long Second = 1000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    // 2023-11-14 22:00:00 UTC.
    private const long Due = 1_699_999_200_000;

    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly OwnerSession Other = new(new NodeId(2), 22);
    private static readonly FiringOptions Options = new();
    private readonly ClaimPlanner _planner = new(Self, Options);

    [Test]
    public void Nothing_is_claimed_a_millisecond_before_it_is_due()
    {
        Assert.That(PlanOneShot(Waiting(Due), Due - 1), Is.Null);
    }

    [Test]
    public void A_due_one_shot_starts_and_has_no_next_time()
    {
        var claim = PlanOneShot(Waiting(Due), Due);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, scheduledMs: Due)));
    }

    [Test]
    public void A_one_shot_starts_however_late()
    {
        var claim = PlanOneShot(Waiting(Due), Due + 1000 * Hour);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, scheduledMs: Due)));
    }

    [Test]
    public void A_periodic_task_on_time_starts_and_moves_on_by_its_crontab()
    {
        var claim = Plan("0 * * * *", Misfire.FireOnce, Waiting(Due), Due + 3);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due, Due + Hour)));
    }

    [TestCase(30, 29L)]
    [TestCase(24 * 60, 24 * 60 - 1L)]
    public void Fire_once_runs_the_latest_time_of_an_outage_and_passes_over_the_others(int minutes, long missed)
    {
        var nowMs = Due + (minutes - 1) * Minute + 7;

        var claim = Plan("* * * * *", Misfire.FireOnce, Waiting(Due), nowMs);

        var latest = Due + (minutes - 1) * Minute;
        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, latest, latest + Minute, missed)));
    }

    [Test]
    public void Fire_once_of_a_nightly_task_after_three_days_runs_the_last_night_only()
    {
        var claim = Plan("0 22 * * *", Misfire.FireOnce, Waiting(Due), Due + 71 * Hour);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due + 48 * Hour, Due + 72 * Hour, missed: 2)));
    }

    [Test]
    public void Skip_still_starts_what_is_late_by_no_more_than_the_threshold()
    {
        var claim = Plan("0 * * * *", Misfire.Skip, Waiting(Due), Due + Minute);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due, Due + Hour)));
    }

    [Test]
    public void Skip_starts_the_latest_alone_of_those_that_are_late_by_no_more_than_the_threshold()
    {
        var claim = Plan("* * * * * *", Misfire.Skip, Waiting(Due), Due + 6100);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due + 6000, Due + 7000, missed: 6)));
    }

    [Test]
    public void Skip_passes_over_all_of_an_outage()
    {
        var claim = Plan("0 * * * *", Misfire.Skip, Waiting(Due), Due + 24 * Hour + Minute);

        var expected = Claim(ClaimAction.SkipDue, Due, Due + 25 * Hour, missed: 25);
        expected.Reason = SkipReason.Misfire;
        Assert.That(claim, Is.EqualTo(expected));
    }

    [Test]
    public void Fire_all_runs_the_oldest_time_first()
    {
        var claim = Plan("* * * * *", Misfire.FireAll, Waiting(Due), Due + 24 * Hour);

        var oldestKept = Due + (24 * 60 - 999) * Minute;
        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, oldestKept, oldestKept + Minute, 24 * 60 - 999)));
    }

    [Test]
    public void Fire_all_passes_over_nothing_of_a_thousand_times()
    {
        var claim = Plan("* * * * *", Misfire.FireAll, Waiting(Due), Due + 999 * Minute);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due, Due + Minute)));
    }

    [Test]
    public void Fire_all_queues_what_came_due_while_the_run_went_on_and_nothing_older()
    {
        var record = Waiting(Due) with { Run = Open(Self) with { ClaimedMs = Due - 1 } };
        var older = Waiting(Due) with { Run = Open(Self) with { ClaimedMs = Due } };

        Assert.That(
            Plan("* * * * *", Misfire.FireAll, record, Due), Is.EqualTo(Claim(ClaimAction.Queue, Due, Due + Minute)));
        Assert.That(Plan("* * * * *", Misfire.FireAll, older, Due), Is.Null, "it is made up for in its turn");
    }

    [Test]
    public void A_run_of_another_session_is_claimed_again()
    {
        var record = Waiting(Due + Hour) with { Run = Open(Other) };

        Assert.That(Plan("0 * * * *", Misfire.FireOnce, record, Due), Is.EqualTo(OfRun(ClaimAction.Reclaim)));
    }

    [Test]
    public void A_run_is_retried_when_its_wait_is_over_and_not_before()
    {
        var record = Waiting(0) with { Run = Open(OwnerSession.None) with { RetryAtMs = Due } };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(PlanOneShot(record, Due - 1), Is.Null);
            Assert.That(PlanOneShot(record, Due), Is.EqualTo(OfRun(ClaimAction.Retry)));
        }
    }

    [Test]
    public void The_next_due_time_ends_the_wait_for_a_retry()
    {
        var record = Waiting(Due) with { Run = Open(OwnerSession.None) with { RetryAtMs = Due - 1 } };

        var claim = Plan("0 * * * *", Misfire.FireOnce, record, Due);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, Due, Due + Hour)));
    }

    [Test]
    public void A_due_time_queues_behind_an_attempt_that_is_on_its_way()
    {
        var record = Waiting(Due) with { Run = Open(Self) };

        var claim = Plan("0 * * * *", Misfire.FireOnce, record, Due + 1);

        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Queue, Due, Due + Hour)));
    }

    [Test]
    public void Only_one_due_time_queues_and_what_comes_then_is_passed_over(
        [Values(Misfire.FireOnce, Misfire.Skip, Misfire.FireAll)] object misfire)
    {
        var record = Waiting(Due) with { Run = Open(Self), QueuedDueMs = Due - Hour };

        var expected = Claim(ClaimAction.SkipDue, Due, Due + Hour, missed: 1);
        expected.Reason = SkipReason.Overlap;
        Assert.That(Plan("0 * * * *", (Misfire)misfire, record, Due + 1), Is.EqualTo(expected));
    }

    [Test]
    public void What_was_due_before_a_run_was_claimed_again_is_not_passed_over_for_the_one_that_queues()
    {
        var record = Waiting(Due) with { Run = Open(Self) with { ClaimedMs = Due + 5 }, QueuedDueMs = Due - Hour };

        Assert.That(Plan("0 * * * *", Misfire.FireOnce, record, Due + 10), Is.Null);
    }

    [Test]
    public void A_retry_waits_while_a_run_by_hand_has_an_attempt_on_its_way()
    {
        var waiting = Open(OwnerSession.None) with { RetryAtMs = Due - 1 };
        var record = Waiting(0) with { Run = waiting };
        var both = record with { Runs = OpenRuns.With(record.Runs, Open(Self) with { Sequence = 2, IsByHand = true }) };

        Assert.That(PlanOneShot(both, Due), Is.Null);
        Assert.That(PlanOneShot(record, Due), Is.EqualTo(OfRun(ClaimAction.Retry)));
    }

    [Test]
    public void What_is_queued_starts_when_no_run_is_open()
    {
        var record = Waiting(Due + Hour) with { QueuedDueMs = Due };

        Assert.That(
            Plan("0 * * * *", Misfire.FireOnce, record, Due + 1), Is.EqualTo(Claim(ClaimAction.StartQueued)));
    }

    [Test]
    public void A_finished_task_is_swept_when_its_retention_is_over()
    {
        var record = Waiting(0) with { Phase = TaskPhase.Completed, ExpireAtMs = Due };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(PlanOneShot(record, Due - 1), Is.Null);
            Assert.That(PlanOneShot(record, Due), Is.EqualTo(Claim(ClaimAction.Sweep)));
        }
    }

    [Test]
    public void A_paused_task_starts_nothing()
    {
        var record = Waiting(Due) with { Phase = TaskPhase.Paused };

        Assert.That(Plan("0 * * * *", Misfire.FireOnce, record, Due), Is.Null);
    }

    [Test]
    public void An_interval_keeps_its_phase_across_an_outage()
    {
        var claim = Plan("@every 7s", Misfire.FireOnce, Waiting(Due), Due + Hour);

        var passed = Hour / (7 * Second);
        var latest = Due + passed * 7 * Second;
        Assert.That(claim, Is.EqualTo(Claim(ClaimAction.Start, latest, latest + 7 * Second, passed)));
    }

    [Test]
    public void A_schedule_that_does_not_move_on_is_refused()
    {
        var terms = new ScheduleTerms(TaskType.Periodic, "stuck", "UTC", Misfire.FireOnce);

        Assert.That(
            () => _planner.Plan(Waiting(Due), terms, new StuckSchedule(), Due + 1),
            Throws.TypeOf<InvalidDataException>());
    }

    private static TaskRecord Waiting(long nextDueMs) => new()
    {
        Id = new TaskId(5),
        CreateTimeMs = 1,
        Definition = [],
        Revision = 3,
        Phase = TaskPhase.Scheduled,
        NextDueMs = nextDueMs,
    };

    private static OpenRun Open(OwnerSession claimedBy) => new()
    {
        Sequence = 1,
        ScheduledMs = Due - Hour,
        Attempt = 1,
        ClaimedBy = claimedBy,
    };

    private static ClaimRun Claim(
        ClaimAction action, long scheduledMs = 0, long nextDueMs = 0, long missed = 0) => new()
        {
            TaskId = 5,
            Revision = 3,
            Action = action,
            ScheduledMs = scheduledMs,
            NextDueMs = nextDueMs,
            Missed = missed,
        };

    private static ClaimRun OfRun(ClaimAction action) =>
        new() { TaskId = 5, Revision = 3, Action = action, RunSequence = 1 };

    private ClaimRun? PlanOneShot(TaskRecord record, long nowMs) =>
        _planner.Plan(record, new ScheduleTerms(TaskType.OneShot, "1581823751", "", Misfire.FireOnce), null, nowMs);

    private ClaimRun? Plan(string format, Misfire misfire, TaskRecord record, long nowMs)
    {
        // The interval counts from a start that has Due on its grid.
        var parsed = (ScheduleParse.Parsed)ScheduleParser.Parse(format, "UTC", Due - 7 * Hour);
        return _planner.Plan(
            record, new ScheduleTerms(TaskType.Periodic, format, "UTC", misfire), parsed.Schedule, nowMs);
    }

    private sealed class StuckSchedule : ISchedule
    {
        public long NextAfter(long afterUnixMs) => afterUnixMs;

        public long LatestAtOrBefore(long atUnixMs, long notBeforeUnixMs) => 0;

        public string Describe() => "";
    }
}
