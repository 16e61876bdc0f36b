using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class FinishHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void A_success_ends_the_run_and_is_counted_once()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        var recorded = _fixture.Succeed(7);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(recorded, Is.EqualTo(1));
            Assert.That(record.Run, Is.Null);
            Assert.That(record.RunCount, Is.EqualTo(1));
            Assert.That(record.FailCount, Is.Zero);
            Assert.That(record.Revision, Is.EqualTo(3));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Scheduled));
            Assert.That(record.ExpireAtMs, Is.Zero);
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(2000));
            Assert.That(record.LastRun, Is.EqualTo(new FinishedRun
            {
                Sequence = 1,
                ScheduledMs = 1000,
                Attempt = 1,
                Status = RunStatus.Ok,
                HttpStatus = 200,
                StartMs = 1001,
                EndMs = 1002,
                NodeId = 1,
            }));
            Assert.That(_fixture.Heard.Changes[^1].Record, Is.SameAs(record));
            Assert.That(_fixture.State.Counters.RunsOk, Is.EqualTo(1));
            Assert.That(_fixture.State.Counters.Scheduled, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_failure_with_a_retry_leaves_the_run_open_and_unclaimed()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 5000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Run!.ClaimedBy.IsNone, Is.True);
            Assert.That(record.Run.Failures, Is.EqualTo(1));
            Assert.That(record.Run.RetryAtMs, Is.EqualTo(2000));
            Assert.That(record.Run.LastAttempt!.Status, Is.EqualTo(RunStatus.Failed));
            Assert.That(record.RunCount, Is.Zero);
            Assert.That(record.LastRun, Is.Null);
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(2000));
            Assert.That(_fixture.State.Counters.RunsFailed, Is.Zero);
        }
    }

    [Test]
    public void A_failure_without_a_retry_ends_the_run()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 5000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Run, Is.Null);
            Assert.That(record.RunCount, Is.EqualTo(1));
            Assert.That(record.FailCount, Is.EqualTo(1));
            Assert.That(record.LastRun!.Status, Is.EqualTo(RunStatus.Failed));
            Assert.That(record.LastRun.Error, Is.EqualTo("500"));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Scheduled), "its next due time is to come");
            Assert.That(_fixture.State.Counters.RunsFailed, Is.EqualTo(1));
        }
    }

    [Test]
    public void Retries_end_when_the_next_due_time_waits_already()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500);

        var record = _fixture.Find(7);
        Assert.That(record.Run, Is.Null);
        Assert.That(record.FailCount, Is.EqualTo(1));
        Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(1), "the waiting run starts at once");
    }

    [TestCase(AttemptOutcome.Succeeded, TaskPhase.Completed)]
    [TestCase(AttemptOutcome.Failed, TaskPhase.Failed)]
    public void A_one_shot_whose_run_is_over_is_finished(AttemptOutcome outcome, object phase)
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);

        _fixture.Finish(Alpha, 7, outcome, expireAtMs: 9000);

        var record = _fixture.Find(7);
        Assert.That(record.Phase, Is.EqualTo(phase));
        Assert.That(record.ExpireAtMs, Is.EqualTo(9000));
        Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(9000));
    }

    [Test]
    public void A_periodic_task_without_another_due_time_is_finished_only_after_the_one_that_waits()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed);
        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Scheduled));

        _fixture.Claim(Alpha, 7, ClaimAction.StartQueued, 2001);
        _fixture.Succeed(7);

        var record = _fixture.Find(7);
        Assert.That(record.Phase, Is.EqualTo(TaskPhase.Completed), "the last run went well");
        Assert.That((record.RunCount, record.FailCount), Is.EqualTo((2, 1)));
    }

    [Test]
    public void A_periodic_task_whose_target_is_gone_is_paused_and_keeps_its_due_times()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500, pause: true, keepDue: true);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Paused));
            Assert.That(record.Run, Is.Null);
            Assert.That((record.NextDueMs, record.QueuedDueMs), Is.EqualTo((3000, 2000)));
            Assert.That(record.WakeAtMs(Alpha), Is.Zero);
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartQueued, 4000), Is.Zero);
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 4000, 3000, 5000), Is.Zero);
        }
    }

    [Test]
    public void A_pause_of_the_first_versions_gave_up_the_due_times()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500, pause: true);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Paused));
            Assert.That(record.Run, Is.Null);
            Assert.That(record.NextDueMs, Is.Zero);
            Assert.That(record.QueuedDueMs, Is.Zero);
            Assert.That(record.ExpireAtMs, Is.Zero);
            Assert.That(record.WakeAtMs(Alpha), Is.Zero);
            Assert.That(record.FailCount, Is.EqualTo(1));
            Assert.That(record.LastRun!.ScheduledMs, Is.EqualTo(1000), "from here a resume finds the next");
            Assert.That(_fixture.State.Counters.Paused, Is.EqualTo(1));
        }
    }

    [Test]
    public void An_attempt_that_was_never_sent_is_recorded_as_skipped_and_counts_as_no_run()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Skipped, retryAtMs: 1500);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Run, Is.Null);
            Assert.That((record.RunCount, record.FailCount, record.MissedCount), Is.EqualTo((0, 0, 1)));
            Assert.That(record.LastRun!.Status, Is.EqualTo(RunStatus.Skipped));
            Assert.That(record.LastRun.Sequence, Is.EqualTo(1));
            Assert.That(record.LastRun.Error, Does.Contain("deadline"));
            Assert.That(_fixture.State.Counters.RunsSkipped, Is.EqualTo(1));
        }
    }

    [TestCase(3000, 0, TaskPhase.Scheduled, 3000)]
    [TestCase(0, 0, TaskPhase.Expired, 0, Description = "the schedule has no later one")]
    [TestCase(1000, 0, TaskPhase.Expired, 0, Description = "no due time twice")]
    [TestCase(2000, 2000, TaskPhase.Scheduled, 0, Description = "the one that waits is no later one")]
    [TestCase(3000, 2000, TaskPhase.Scheduled, 3000, Description = "after the one that waits")]
    public void One_that_was_never_sent_as_the_last_of_max_runs_is_made_up_for_by_a_later_due_time(
        long nextDueMs, long queuedMs, object phase, long expectedMs)
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: queuedMs);
        if (queuedMs != 0)
            _fixture.Claim(Alpha, 7, ClaimAction.Queue, queuedMs, queuedMs, 0);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Skipped, nextDueMs: nextDueMs);

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.NextDueMs, record.QueuedDueMs), Is.EqualTo((phase, expectedMs, queuedMs)));
        Assert.That((record.RunSequence, record.History!.Uncounted), Is.EqualTo((1, 1)));
    }

    [Test]
    public void A_one_shot_that_was_never_sent_has_expired()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Skipped);

        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Expired));
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(9000));
        Assert.That(_fixture.State.Counters.Expired, Is.EqualTo(1));
    }

    [Test]
    public void What_a_target_says_is_cut_after_256_characters_and_not_within_one()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        var text = new string('x', 255) + "\U0001F600 and more";

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, error: text);

        Assert.That(_fixture.Find(7).LastRun!.Error, Is.EqualTo(new string('x', 255)));
    }

    [Test]
    public void A_one_shot_whose_target_is_gone_has_failed()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, pause: true);

        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Failed));
    }

    [Test]
    public void A_result_of_another_session_attempt_or_run_is_stale()
    {
        _fixture.Create(7);
        var record = _fixture.Start(7);
        var attempt = new FinishAttempt
        {
            TaskId = 7,
            RunSequence = 1,
            Attempt = 1,
            Outcome = AttemptOutcome.Succeeded,
        };
        var otherRun = attempt.Clone();
        otherRun.RunSequence = 2;
        var otherAttempt = attempt.Clone();
        otherAttempt.Attempt = 2;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Apply(TaskCommands.EncodeFinish(Beta, [attempt])).Code, Is.Zero);
            Assert.That(_fixture.Apply(TaskCommands.EncodeFinish(Alpha, [otherRun, otherAttempt])).Code, Is.Zero);
            Assert.That(_fixture.Find(7), Is.SameAs(record));
        }
    }

    [Test]
    public void A_result_that_comes_twice_is_stale_the_second_time()
    {
        _fixture.Create(7);
        _fixture.Start(7);
        var attempt = new FinishAttempt
        {
            TaskId = 7,
            RunSequence = 1,
            Attempt = 1,
            Outcome = AttemptOutcome.Succeeded,
        };

        var both = _fixture.Apply(TaskCommands.EncodeFinish(Alpha, [attempt, attempt]));

        Assert.That(both.Code, Is.EqualTo(1));
        Assert.That(_fixture.Find(7).RunCount, Is.EqualTo(1));
    }

    [Test]
    public void The_result_of_an_owner_that_lost_its_shard_counts_until_another_has_claimed()
    {
        _fixture.Create(7);
        _fixture.Create(8);
        _fixture.Start(7);
        _fixture.Start(8);
        _fixture.AssignAll(Beta);
        _fixture.Claim(Beta, 8, ClaimAction.Reclaim, 1500);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Finish(Alpha, 7, AttemptOutcome.Succeeded), Is.EqualTo(1));
            Assert.That(_fixture.Finish(Alpha, 8, AttemptOutcome.Succeeded), Is.Zero);
            Assert.That(_fixture.Finish(Beta, 8, AttemptOutcome.Succeeded), Is.EqualTo(1));
        }
    }

    [Test]
    public void A_session_that_is_none_finishes_nothing()
    {
        _fixture.Create(7);
        _fixture.Start(7);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2000);

        Assert.That(_fixture.Finish(OwnerSession.None, 7, AttemptOutcome.Succeeded), Is.Zero);
    }
}
