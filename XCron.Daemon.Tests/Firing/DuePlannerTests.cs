using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>Deadline, overlap, jitter, start and end, max_runs: what is claimed for a due time.</summary>
internal sealed class DuePlannerTests
{
    private const long Second = 1000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    // 2023-11-14 22:00:00 UTC.
    private const long Due = 1_699_999_200_000;

    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly OwnerSession Other = new(new NodeId(2), 22);
    private static readonly FiringOptions Options = new();
    private static readonly ScheduleTerms Hourly = new(TaskType.Periodic, "0 * * * *", "UTC", Misfire.FireOnce);
    private static readonly ScheduleTerms Minutely = Hourly with { Format = "* * * * *" };
    private static readonly ScheduleTerms Once = new(TaskType.OneShot, "1699999200", "", Misfire.FireOnce);
    private readonly ClaimPlanner _planner = new(Self, Options);

    [Test]
    public void A_one_shot_starts_up_to_its_deadline_and_is_skipped_after_it()
    {
        var terms = Once with { DeadlineMs = 10 * Second };

        var inTime = Plan(terms, Waiting(), Due + 10 * Second)!;
        var late = Plan(terms, Waiting(), Due + 10 * Second + 1)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(inTime.Action, Is.EqualTo(ClaimAction.Start));
            Assert.That(late.Action, Is.EqualTo(ClaimAction.SkipDue));
            Assert.That((late.Reason, late.Missed, late.NextDueMs), Is.EqualTo((SkipReason.Deadline, 1, 0)));
            Assert.That(late.ExpireAtMs, Is.EqualTo(Due + 10 * Second + 1 + 24 * Hour));
        }
    }

    [Test]
    public void A_deadline_counts_from_where_jitter_moved_the_run()
    {
        var terms = Once with { DeadlineMs = 10 * Second, JitterMs = Hour };
        var record = Waiting() with { NextDelayMs = 600_000 };

        Assert.That(Plan(terms, record, Due + 600_000 - 1), Is.Null, "not before");
        Assert.That(Plan(terms, record, Due + 610_000)!.Action, Is.EqualTo(ClaimAction.Start));
        Assert.That(Plan(terms, record, Due + 610_001)!.Action, Is.EqualTo(ClaimAction.SkipDue));
    }

    [TestCase(Due + Hour, Due + 2 * Hour, Description = "the next one may be claimed before this is recorded")]
    [TestCase(0, Due + Hour)]
    public void What_may_make_up_for_a_run_that_never_began_is_later_than_all_that_is_known(
        long nextDueMs, long expectedMs)
    {
        var run = new OpenRun { Sequence = 1, ScheduledMs = Due - Hour, Attempt = 1, ClaimedBy = Self };
        var beside = run with { Sequence = 2, ScheduledMs = Due };
        var record = Waiting(nextDueMs) with { Runs = OpenRuns.Of([beside, run]) };

        Assert.That(
            DuePlanner.Replacement(record, run, Hourly, ScheduleOf(Hourly)).DueMs, Is.EqualTo(expectedMs));
    }

    [Test]
    public void Fire_once_past_the_deadline_of_the_latest_time_skips_all_of_them()
    {
        var terms = Hourly with { DeadlineMs = 30 * Minute };

        var claim = Plan(terms, Waiting(), Due + 24 * Hour + 31 * Minute)!;
        var inTime = Plan(terms, Waiting(), Due + 24 * Hour + 29 * Minute)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((claim.Action, claim.Reason), Is.EqualTo((ClaimAction.SkipDue, SkipReason.Deadline)));
            Assert.That((claim.Missed, claim.NextDueMs), Is.EqualTo((25, Due + 25 * Hour)));
            Assert.That((inTime.Action, inTime.ScheduledMs), Is.EqualTo((ClaimAction.Start, Due + 24 * Hour)));
            Assert.That(inTime.Missed, Is.EqualTo(24));
        }
    }

    [Test]
    public void Fire_all_skips_those_past_their_deadline_and_goes_on_with_the_others()
    {
        var terms = Minutely with { DeadlineMs = 10 * Minute, Misfire = Misfire.FireAll };
        var nowMs = Due + 24 * Hour;

        var skip = Plan(terms, Waiting(), nowMs)!;
        var start = Plan(terms, Waiting() with { NextDueMs = skip.NextDueMs }, nowMs)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((skip.Action, skip.Reason), Is.EqualTo((ClaimAction.SkipDue, SkipReason.Deadline)));
            Assert.That(skip.NextDueMs, Is.EqualTo(nowMs - 10 * Minute));
            Assert.That(skip.Missed, Is.EqualTo(24 * 60 - 10));
            Assert.That((start.Action, start.ScheduledMs), Is.EqualTo((ClaimAction.Start, nowMs - 10 * Minute)));
            Assert.That(start.Missed, Is.Zero);
        }
    }

    [Test]
    public void What_waited_for_the_last_run_past_its_deadline_is_given_up()
    {
        var terms = Hourly with { DeadlineMs = Minute };
        var record = Waiting(Due + Hour) with { QueuedDueMs = Due };

        Assert.That(Plan(terms, record, Due + Minute)!.Action, Is.EqualTo(ClaimAction.StartQueued));
        var claim = Plan(terms, record, Due + Minute + 1)!;
        Assert.That((claim.Action, claim.Reason), Is.EqualTo((ClaimAction.SkipQueued, SkipReason.Deadline)));
    }

    [Test]
    public void What_waited_as_the_last_of_max_runs_and_is_given_up_is_made_up_for_by_a_later_due_time()
    {
        var terms = Hourly with { DeadlineMs = Minute, MaxRuns = 1 };
        var record = Waiting(0) with { QueuedDueMs = Due };

        var claim = Plan(terms, record, Due + 3 * Hour)!;

        Assert.That((claim.Action, claim.NextDueMs), Is.EqualTo((ClaimAction.SkipQueued, Due + Hour)));
        var next = Plan(terms, Waiting(Due + Hour), Due + Hour)!;
        Assert.That((next.Action, next.NextDueMs), Is.EqualTo((ClaimAction.Start, 0)));
    }

    [Test]
    public void Overlap_skip_passes_over_what_comes_due_while_an_attempt_is_on_its_way()
    {
        var terms = Minutely with { Overlap = Overlap.Skip };

        var claim = Plan(terms, Waiting() with { Run = Open(Self) }, Due + 5 * Minute + 7)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((claim.Action, claim.Reason), Is.EqualTo((ClaimAction.SkipDue, SkipReason.Overlap)));
            Assert.That((claim.Missed, claim.NextDueMs), Is.EqualTo((6, Due + 6 * Minute)));
        }
    }

    [Test]
    public void Overlap_skip_is_not_stuck_on_a_run_of_a_session_that_is_gone()
    {
        var terms = Minutely with { Overlap = Overlap.Skip };
        var record = Waiting() with { Run = Open(Other) };

        Assert.That(Plan(terms, record, Due)!.Action, Is.EqualTo(ClaimAction.Reclaim));
        Assert.That(
            _planner.Plan(record, terms, ScheduleOf(terms), Due, new Ownership(1, [Self, Other], []))!.Action,
            Is.EqualTo(ClaimAction.SkipDue), "the other is alive, and so is its run");
    }

    [Test]
    public void Overlap_skip_lets_what_fire_all_makes_up_for_wait_its_turn()
    {
        var terms = Minutely with { Overlap = Overlap.Skip, Misfire = Misfire.FireAll };
        var record = Waiting() with { Run = Open(Self) with { ClaimedMs = Due + Hour } };

        Assert.That(Plan(terms, record, Due + Hour), Is.Null);
        Assert.That(
            Plan(terms, record with { NextDueMs = Due + Hour + Minute }, Due + Hour + Minute)!.Action,
            Is.EqualTo(ClaimAction.SkipDue));
    }

    [Test]
    public void A_run_that_waits_for_its_retry_ends_for_the_next_one_whatever_the_overlap(
        [Values(Overlap.Queue, Overlap.Skip, Overlap.Allow)] object overlap)
    {
        var terms = Minutely with { Overlap = (Overlap)overlap };
        var record = Waiting() with { Run = Open(OwnerSession.None) with { RetryAtMs = Due - 1 } };

        Assert.That(Plan(terms, record, Due)!.Action, Is.EqualTo(ClaimAction.Start));
    }

    [Test]
    public void Overlap_allow_starts_beside_up_to_the_limit_and_then_waits()
    {
        var terms = Minutely with { Overlap = Overlap.Allow };
        var runs = Enumerable.Range(1, OpenRuns.Most).Select(i => Open(Self) with { Sequence = i }).ToArray();
        var record = Waiting() with { RunSequence = OpenRuns.Most };

        var beside = Plan(terms, record with { Runs = OpenRuns.Of(runs.AsSpan(1)) }, Due);
        var full = Plan(terms, record with { Runs = OpenRuns.Of(runs) }, Due);

        Assert.That(beside!.Action, Is.EqualTo(ClaimAction.StartBeside));
        Assert.That(full, Is.Null);
    }

    [Test]
    public void Of_runs_side_by_side_the_one_whose_wait_is_over_is_retried()
    {
        var terms = Minutely with { Overlap = Overlap.Allow };
        var runs = OpenRuns.Of(
        [
            Open(Self) with { Sequence = 3 },
            Open(OwnerSession.None) with { Sequence = 2, RetryAtMs = Due + 10 },
            Open(OwnerSession.None) with { Sequence = 1, RetryAtMs = Due + 5 },
        ]);
        var record = Waiting(Due + Hour) with { Runs = runs, RunSequence = 3 };

        Assert.That(Plan(terms, record, Due + 4), Is.Null);
        var claim = Plan(terms, record, Due + 5)!;
        Assert.That((claim.Action, claim.RunSequence), Is.EqualTo((ClaimAction.Retry, 1)));
    }

    [Test]
    public void A_paused_task_still_retries_and_is_claimed_again()
    {
        var waiting = Waiting() with
        {
            Phase = TaskPhase.Paused,
            Run = Open(OwnerSession.None) with { RetryAtMs = Due },
        };

        Assert.That(Plan(Hourly, waiting, Due)!.Action, Is.EqualTo(ClaimAction.Retry));
        Assert.That(
            Plan(Hourly, waiting with { Run = Open(Other) }, Due)!.Action, Is.EqualTo(ClaimAction.Reclaim));
    }

    [Test]
    public void The_claim_says_by_how_much_the_next_run_is_moved()
    {
        var terms = Hourly with { JitterMs = 10 * Minute };
        var due = new DueTimes(ScheduleOf(terms), 5, 0, 0, 10 * Minute);

        var claim = Plan(terms, Waiting() with { NextDelayMs = 77 }, Due + 77)!;

        Assert.That((claim.ScheduledMs, claim.DelayMs), Is.EqualTo((Due, 77)));
        Assert.That((claim.NextDueMs, claim.NextDelayMs), Is.EqualTo((Due + Hour, due.DelayMs(Due + Hour))));
    }

    [Test]
    public void Fire_once_takes_the_latest_time_whose_run_was_to_start_by_now()
    {
        var terms = Hourly with { JitterMs = 10 * Minute };
        var due = new DueTimes(ScheduleOf(terms), 5, 0, 0, 10 * Minute);
        var moved = Due + 5 * Hour + due.DelayMs(Due + 5 * Hour);

        Assert.That(Plan(terms, Waiting(), moved - 1)!.ScheduledMs, Is.EqualTo(Due + 4 * Hour));
        Assert.That(Plan(terms, Waiting(), moved)!.ScheduledMs, Is.EqualTo(Due + 5 * Hour));
    }

    [Test]
    public void The_last_of_max_runs_has_no_next_one_and_those_by_hand_do_not_count()
    {
        var terms = Hourly with { MaxRuns = 3 };
        var byHand = RunHistory.AddUncounted(null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Plan(terms, Waiting() with { RunSequence = 1 }, Due)!.NextDueMs, Is.EqualTo(Due + Hour));
            Assert.That(Plan(terms, Waiting() with { RunSequence = 2 }, Due)!.NextDueMs, Is.Zero);
            Assert.That(
                Plan(terms, Waiting() with { RunSequence = 2, History = byHand }, Due)!.NextDueMs,
                Is.EqualTo(Due + Hour));
        }
    }

    [Test]
    public void The_last_time_before_the_end_has_no_next_one()
    {
        var claim = Plan(Hourly with { EndAtMs = Due + Hour - 1 }, Waiting(), Due)!;

        Assert.That((claim.Action, claim.NextDueMs), Is.EqualTo((ClaimAction.Start, 0)));
    }

    [TestCase(Misfire.FireOnce)]
    [TestCase(Misfire.Skip)]
    [TestCase(Misfire.FireAll)]
    public void What_was_due_before_the_end_is_skipped_once_the_end_is_long_past(object misfire)
    {
        var terms = Hourly with { EndAtMs = Due + 5 * Hour, Misfire = (Misfire)misfire };

        var claim = Plan(terms, Waiting(), Due + 24 * Hour)!;
        var queued = Plan(terms, Waiting(0) with { QueuedDueMs = Due }, Due + 24 * Hour)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((claim.Action, claim.Reason), Is.EqualTo((ClaimAction.SkipDue, SkipReason.End)));
            Assert.That((claim.Missed, claim.NextDueMs), Is.EqualTo((6, 0)));
            Assert.That(claim.ExpireAtMs, Is.GreaterThan(Due));
            Assert.That((queued.Action, queued.Reason), Is.EqualTo((ClaimAction.SkipQueued, SkipReason.End)));
        }
    }

    [Test]
    public void A_day_of_seconds_is_passed_over_in_no_more_time_than_a_minute()
    {
        var terms = Hourly with { Format = "* * * * * *", Misfire = Misfire.FireAll };

        var claim = Plan(terms, Waiting(), Due + 24 * Hour)!;

        Assert.That(claim.ScheduledMs, Is.EqualTo(Due + 24 * Hour - 999 * Second));
        Assert.That(claim.Missed, Is.EqualTo(24 * 3600 - 999));
    }

    [Test]
    public void A_one_shot_with_a_new_time_queues_behind_its_attempt_on_its_way()
    {
        Assert.That(Plan(Once, Waiting() with { Run = Open(Self) }, Due)!.Action, Is.EqualTo(ClaimAction.Queue));
    }

    private static TaskRecord Waiting(long nextDueMs = Due) => new()
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

    private static ISchedule ScheduleOf(in ScheduleTerms terms) =>
        ((ScheduleParse.Parsed)ScheduleParser.Parse(terms.Format, "UTC", Due)).Schedule;

    private ClaimRun? Plan(in ScheduleTerms terms, TaskRecord record, long nowMs) => _planner.Plan(
        record, terms, terms.Type == TaskType.Periodic ? ScheduleOf(terms) : null, nowMs);
}
