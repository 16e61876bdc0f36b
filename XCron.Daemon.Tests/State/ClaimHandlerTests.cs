using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ClaimHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void START_opens_the_first_attempt_and_moves_to_the_next_due_time()
    {
        _fixture.Create(7);

        var granted = _fixture.Claim(Alpha, 7, ClaimAction.Start, 1005, 1000, 2000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(record.NextDueMs, Is.EqualTo(2000));
            Assert.That(record.Revision, Is.EqualTo(2));
            Assert.That(record.RunSequence, Is.EqualTo(1));
            Assert.That(record.Run, Is.EqualTo(new OpenRun
            {
                Sequence = 1,
                ScheduledMs = 1000,
                Attempt = 1,
                ClaimedBy = Alpha,
                ClaimedMs = 1005,
            }));
            Assert.That(_fixture.Heard.Grants, Is.EqualTo(new[] { (Alpha, record) }));
            Assert.That(_fixture.Heard.Changes[^1].Record, Is.SameAs(record));
            Assert.That(_fixture.State.Counters.Running, Is.EqualTo(1));
            Assert.That(_fixture.State.Counters.Scheduled, Is.Zero);
        }
    }

    [Test]
    public void START_for_a_later_due_time_counts_those_it_passes_over()
    {
        _fixture.Create(7);

        _fixture.Claim(Alpha, 7, ClaimAction.Start, 5500, 5000, 6000, missed: 4);

        Assert.That(_fixture.Find(7).MissedCount, Is.EqualTo(4));
        Assert.That(_fixture.State.Counters.RunsSkipped, Is.EqualTo(4));
    }

    [Test]
    public void Only_the_owner_of_the_shard_is_granted_a_claim()
    {
        _fixture.Create(7);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Claim(Beta, 7, ClaimAction.Start, 1000, 1000), Is.Zero);
            Assert.That(_fixture.Claim(OwnerSession.None, 7, ClaimAction.Start, 1000, 1000), Is.Zero);
            _fixture.AssignAll(OwnerSession.None);
            Assert.That(_fixture.Claim(OwnerSession.None, 7, ClaimAction.Start, 1000, 1000), Is.Zero, "nobody's shard");
            Assert.That(_fixture.Heard.Grants, Is.Empty);
        }
    }

    [Test]
    public void The_last_life_of_the_owning_node_is_not_the_owner()
    {
        _fixture.Create(7);
        var lastLife = Alpha with { Incarnation = 10 };

        Assert.That(_fixture.Claim(lastLife, 7, ClaimAction.Start, 1000, 1000), Is.Zero);
    }

    [Test]
    public void A_claim_from_an_older_look_is_refused()
    {
        _fixture.Create(7);
        var claim = new ClaimRun
        {
            TaskId = 7,
            Revision = 1,
            Action = ClaimAction.Start,
            ScheduledMs = 1000,
            NextDueMs = 2000,
        };

        var both = _fixture.Apply(TaskCommands.EncodeClaims(Alpha, 1000, [claim, claim]));

        Assert.That(both.Code, Is.EqualTo(1), "the second is of a revision that is past");
        Assert.That(_fixture.Heard.Grants, Has.Count.EqualTo(1));
    }

    [Test]
    public void No_due_time_is_claimed_early_and_the_refused_owner_is_told_of_the_task_again()
    {
        var record = _fixture.Create(7);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 999, 1000, 2000), Is.Zero);
            Assert.That(_fixture.Heard.Changes[^1].Record, Is.SameAs(record));
            Assert.That(_fixture.Heard.Changes, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void START_is_refused_for_a_due_time_that_is_past_or_a_next_one_that_is_not_later()
    {
        _fixture.Create(7);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5000, 999, 2000), Is.Zero, "before next_due");
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5000, 1000, 1000), Is.Zero, "the same again");
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5000, 1000, 2000, missed: -1), Is.Zero);
        }
    }

    [Test]
    public void START_is_refused_while_an_attempt_is_on_its_way()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 2000, 2000, 3000), Is.Zero);
    }

    [Test]
    public void START_of_a_periodic_task_ends_the_retries_of_its_last_run()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500);

        var record = _fixture.Start(7, 2000, 3000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.RunCount, Is.EqualTo(1));
            Assert.That(record.FailCount, Is.EqualTo(1));
            Assert.That(record.LastRun!.Sequence, Is.EqualTo(1));
            Assert.That(record.LastRun.Status, Is.EqualTo(RunStatus.Failed));
            Assert.That(record.LastRun.HttpStatus, Is.EqualTo(500));
            Assert.That(record.Run!.Sequence, Is.EqualTo(2));
            Assert.That(record.Run.Attempt, Is.EqualTo(1));
            Assert.That(record.Run.Failures, Is.Zero);
            Assert.That(_fixture.State.Counters.RunsFailed, Is.EqualTo(1));
            Assert.That(_fixture.State.Counters.Retries, Is.Zero);
        }
    }

    [Test]
    public void START_of_a_one_shot_that_was_given_a_new_time_ends_the_retries_of_the_old_one()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 2000, 2000), Is.Zero, "it has no due time");
        _fixture.Update(7, Definition(TaskType.OneShot), nextDueMs: 2000);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 2000, 2000), Is.EqualTo(1));
        Assert.That((_fixture.Find(7).RunCount, _fixture.Find(7).FailCount), Is.EqualTo((1, 1)));
    }

    [Test]
    public void QUEUE_lets_one_due_time_wait_for_the_attempt_on_its_way_and_no_second()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        var first = _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);
        var second = _fixture.Claim(Alpha, 7, ClaimAction.Queue, 3000, 3000, 4000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(1));
            Assert.That(second, Is.Zero);
            Assert.That(record.QueuedDueMs, Is.EqualTo(2000));
            Assert.That(record.NextDueMs, Is.EqualTo(3000));
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(3000), "which is then passed over");
            Assert.That(_fixture.Heard.Grants, Has.Count.EqualTo(1), "a place in the queue is no attempt");
        }
    }

    [Test]
    public void QUEUE_is_refused_without_a_run_and_behind_one_that_waits_for_its_retry()
    {
        _fixture.Create(7);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Queue, 1000, 1000, 2000), Is.Zero, "no run");
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000), Is.Zero, "START ends that run");
    }

    [Test]
    public void START_QUEUED_opens_the_run_that_waited_once_the_last_one_is_over()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartQueued, 2001), Is.Zero, "the first run is still going");
        _fixture.Succeed(7);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(1), "at once");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 3000, 3000, 4000), Is.Zero, "not before its turn");

        var granted = _fixture.Claim(Alpha, 7, ClaimAction.StartQueued, 3001);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(record.Run!.ScheduledMs, Is.EqualTo(2000));
            Assert.That(record.Run.Sequence, Is.EqualTo(2));
            Assert.That(record.QueuedDueMs, Is.Zero);
            Assert.That(record.NextDueMs, Is.EqualTo(3000));
            Assert.That(_fixture.Heard.Grants, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public void START_QUEUED_is_refused_where_nothing_waits()
    {
        _fixture.Create(7);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartQueued, 5000), Is.Zero);
    }

    [Test]
    public void RETRY_is_the_next_attempt_once_the_wait_is_over()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, 1500), Is.Zero, "the attempt is on its way");
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2000);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(2000));
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, 1999), Is.Zero, "too early");

        var granted = _fixture.Claim(Alpha, 7, ClaimAction.Retry, 2000);

        var run = _fixture.Find(7).Run!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(run.Sequence, Is.EqualTo(1), "the same run");
            Assert.That(run.Attempt, Is.EqualTo(2));
            Assert.That(run.Failures, Is.EqualTo(1));
            Assert.That(run.ClaimedBy, Is.EqualTo(Alpha));
            Assert.That(run.LastAttempt!.HttpStatus, Is.EqualTo(500));
            Assert.That(_fixture.Heard.Grants[^1].Record.Run, Is.SameAs(run));
            Assert.That(_fixture.State.Counters.Retries, Is.EqualTo(1));
        }
    }

    [Test]
    public void RECLAIM_is_the_next_attempt_by_the_new_owner_and_no_failure_of_the_old()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Reclaim, 1500), Is.Zero, "its own attempt");
        _fixture.AssignAll(Beta);
        Assert.That(_fixture.Find(7).WakeAtMs(Beta), Is.EqualTo(1), "at once");

        var granted = _fixture.Claim(Beta, 7, ClaimAction.Reclaim, 1500);

        var run = _fixture.Find(7).Run!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(run.Sequence, Is.EqualTo(1), "the same run");
            Assert.That(run.Attempt, Is.EqualTo(2));
            Assert.That(run.Failures, Is.Zero);
            Assert.That(run.ClaimedBy, Is.EqualTo(Beta));
            Assert.That(_fixture.Heard.Grants[^1], Is.EqualTo((Beta, _fixture.Find(7))));
            Assert.That(_fixture.State.Counters.Reclaims, Is.EqualTo(1));
            Assert.That(_fixture.State.Counters.Retries, Is.Zero);
        }
    }

    [Test]
    public void RECLAIM_is_refused_while_the_run_waits_for_its_retry_or_there_is_none()
    {
        _fixture.Create(7);
        _fixture.AssignAll(Beta);
        Assert.That(_fixture.Claim(Beta, 7, ClaimAction.Reclaim, 1500), Is.Zero);
        _fixture.AssignAll(Alpha);
        _fixture.Start(7);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2000);
        _fixture.AssignAll(Beta);

        Assert.That(_fixture.Claim(Beta, 7, ClaimAction.Reclaim, 1500), Is.Zero);
    }

    [Test]
    public void SKIP_DUE_passes_over_due_times_and_records_it()
    {
        _fixture.Create(7);

        var granted = _fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 5500, 5000, 6000, missed: 5, expireAtMs: 99);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(record.MissedCount, Is.EqualTo(5));
            Assert.That(record.NextDueMs, Is.EqualTo(6000));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Scheduled));
            Assert.That(record.ExpireAtMs, Is.Zero);
            Assert.That(record.Run, Is.Null);
            Assert.That(record.RunCount, Is.Zero);
            Assert.That(record.LastRun!.Status, Is.EqualTo(RunStatus.Skipped));
            Assert.That(record.LastRun.ScheduledMs, Is.EqualTo(5000));
            Assert.That(_fixture.Heard.Grants, Is.Empty);
            Assert.That(_fixture.State.Counters.RunsSkipped, Is.EqualTo(5));
        }
    }

    [Test]
    public void SKIP_DUE_of_the_last_due_time_completes_the_task()
    {
        _fixture.Create(7);

        _fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 5500, 1000, 0, missed: 1, expireAtMs: 9000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Completed));
            Assert.That(record.ExpireAtMs, Is.EqualTo(9000));
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(9000));
            Assert.That(_fixture.State.Counters.Completed, Is.EqualTo(1));
        }
    }

    [Test]
    public void SKIP_DUE_of_the_last_due_time_leaves_an_open_run_to_finish_the_task()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        _fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 2000, 2000, 0, missed: 1, expireAtMs: 9000);
        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Scheduled));
        _fixture.Succeed(7);

        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Completed));
    }

    [Test]
    public void SWEEP_forgets_a_finished_task_when_its_time_has_come()
    {
        _fixture.Create(7, TaskType.OneShot, "once");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Sweep, 99_999), Is.Zero, "not finished");
        _fixture.Start(7);
        _fixture.Succeed(7);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Sweep, 8999), Is.Zero, "too early");

        var granted = _fixture.Claim(Alpha, 7, ClaimAction.Sweep, 9000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(_fixture.State.Find(new TaskId(7)), Is.Null);
            Assert.That(_fixture.State.FindByName("once"), Is.Null);
            Assert.That(_fixture.Heard.Changes[^1], Is.EqualTo((new TaskId(7), (TaskRecord?)null)));
            Assert.That(_fixture.State.Counters, Is.EqualTo(new StateCounters { Created = 1, RunsOk = 1 }));
        }
    }
}
