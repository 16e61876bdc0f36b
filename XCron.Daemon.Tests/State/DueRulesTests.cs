using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

/// <summary>Jitter, overlapping runs and due times that get no run.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DueRulesTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void Jitter_moves_the_first_run_and_no_claim_is_granted_before()
    {
        var task = new NewTask(new TaskId(7), 500, 1000, Definition()) { FirstDelayMs = 300 };
        _fixture.Apply(TaskCommands.EncodeCreate(Alpha, task));
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(1300));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 1299, 1000, 2000), Is.Zero);
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 1299, 1000, 2000), Is.Zero);
            Assert.That(
                _fixture.Claim(Alpha, 7, ClaimAction.Start, 1300, 1000, 2000, nextDelayMs: 50), Is.EqualTo(1));
            Assert.That((_fixture.Find(7).Run!.ScheduledMs, _fixture.Find(7).Run!.DelayMs), Is.EqualTo((1000, 300)));
            Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(2050));
        }
    }

    [Test]
    public void A_later_due_time_is_not_claimed_before_its_own_delay_is_over()
    {
        _fixture.Create(7);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5100, 5000, 6000, delayMs: 101), Is.Zero);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5101, 5000, 6000, delayMs: 101), Is.EqualTo(1));
    }

    [Test]
    public void START_BESIDE_opens_runs_beside_those_on_their_way_up_to_the_limit()
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow)));
        _fixture.Start(7, 1000, 1001);
        for (var ms = 1001; ms < 1000 + OpenRuns.Most; ms++)
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartBeside, ms, ms, ms + 1), Is.EqualTo(1));

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 1016, 1016, 1017), Is.Zero, "the limit");
            Assert.That(record.Runs!.Count, Is.EqualTo(OpenRuns.Most));
            Assert.That(record.Run!.Sequence, Is.EqualTo(OpenRuns.Most), "the one claimed last");
            Assert.That(_fixture.Heard.Grants, Has.Count.EqualTo(OpenRuns.Most));
            Assert.That(_fixture.State.Counters.Running, Is.EqualTo(1), "a task, however many runs");
            Assert.That(_fixture.State.Counters.Reclaims + _fixture.State.Counters.Retries, Is.Zero);
            Assert.That(_fixture.Finish(Alpha, 7, AttemptOutcome.Succeeded, runSequence: 5), Is.EqualTo(1));
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 1016, 1016, 1017), Is.EqualTo(1));
        }
    }

    [Test]
    public void START_BESIDE_is_refused_where_runs_may_not_overlap_or_none_is_on_its_way()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Apply(CreateCommand(8, Definition(overlap: Overlap.Allow)));

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 2000, 2000, 3000), Is.Zero);
        Assert.That(_fixture.Claim(Alpha, 8, ClaimAction.StartBeside, 2000, 1000, 3000), Is.Zero);
    }

    [Test]
    public void Of_runs_side_by_side_each_is_retried_claimed_again_and_finished_by_its_number()
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow)));
        _fixture.Start(7, 1000, 1001);
        _fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 1001, 1001, 0);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 1500, runSequence: 2);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(1500));
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, 1500, runSequence: 1), Is.Zero, "it is on its way");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, 1500, runSequence: 2), Is.EqualTo(1));
        Assert.That(_fixture.Heard.Grants[^1].Record.Run!.Sequence, Is.EqualTo(2));
        _fixture.AssignAll(Beta);

        Assert.That(_fixture.Claim(Beta, 7, ClaimAction.Reclaim, 1600, runSequence: 1), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).WakeAtMs(Beta), Is.EqualTo(1), "the other is still of the old owner");
        Assert.That(_fixture.Finish(Beta, 7, AttemptOutcome.Succeeded, runSequence: 1), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Scheduled), "one is still open");
        Assert.That(_fixture.Finish(Alpha, 7, AttemptOutcome.Failed, runSequence: 2), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Failed));
    }

    [TestCase(1001, 0)]
    [TestCase(1002, 1002)]
    public void What_makes_up_for_a_run_that_never_began_is_later_than_those_beside_it(long nextDueMs, long expectedMs)
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow)));
        _fixture.Start(7, 1000, 1001);
        _fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 1001, 1001, 0);

        _fixture.Finish(Alpha, 7, AttemptOutcome.Skipped, runSequence: 1, nextDueMs: nextDueMs);

        Assert.That(_fixture.Find(7).NextDueMs, Is.EqualTo(expectedMs));
    }

    [Test]
    public void The_retries_of_a_run_end_when_a_later_one_has_begun_beside_it_or_was_passed_over(
        [Values(ClaimAction.StartBeside, ClaimAction.SkipDue)] object meanwhile)
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow)));
        _fixture.Start(7, 1000, 2000);
        Assert.That(_fixture.Claim(Alpha, 7, (ClaimAction)meanwhile, 2000, 2000, 3000), Is.EqualTo(1));

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2500, runSequence: 1);

        Assert.That(_fixture.Find(7).Runs?.Find(1), Is.Null);
        Assert.That(_fixture.Find(7).FailCount, Is.EqualTo(1));
    }

    [Test]
    public void SKIP_DUE_while_a_run_goes_on_is_recorded_and_the_run_goes_on()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);

        var granted = _fixture.Claim(
            Alpha, 7, ClaimAction.SkipDue, 2000, 2000, 3000, missed: 1, reason: SkipReason.Overlap);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(granted, Is.EqualTo(1));
            Assert.That(record.Run!.Sequence, Is.EqualTo(1));
            Assert.That(record.NextDueMs, Is.EqualTo(3000));
            Assert.That(record.LastRun!.Error, Does.Contain("overlap"));
            Assert.That(_fixture.Succeed(7), Is.EqualTo(1));
            Assert.That(
                _fixture.Find(7).History!.ToList().Select(run => run.Status),
                Is.EqualTo(new[] { RunStatus.Ok, RunStatus.Skipped }));
        }
    }

    [Test]
    public void What_was_never_run_before_its_last_due_time_was_passed_over_has_expired()
    {
        _fixture.Create(7, TaskType.OneShot);

        _fixture.Claim(
            Alpha, 7, ClaimAction.SkipDue, 5000, 1000, 0, missed: 1, expireAtMs: 9000, reason: SkipReason.Deadline);

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.ExpireAtMs, record.RunCount), Is.EqualTo((TaskPhase.Expired, 9000, 0)));
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Sweep, 9000), Is.EqualTo(1));
        Assert.That(_fixture.State.Counters.Expired, Is.Zero);
    }

    [TestCase(AttemptOutcome.Succeeded, TaskPhase.Completed)]
    [TestCase(AttemptOutcome.Failed, TaskPhase.Failed)]
    public void What_has_run_is_completed_or_failed_by_its_last_run(AttemptOutcome outcome, object phase)
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Finish(Alpha, 7, outcome);

        _fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 9000, 2000, 0, missed: 1, reason: SkipReason.End);

        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(phase));
    }

    [Test]
    public void SKIP_QUEUED_gives_up_the_due_time_that_waited()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 3000);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.SkipQueued, 2500), Is.Zero, "the run may end yet");
        _fixture.Succeed(7);

        Assert.That(
            _fixture.Claim(Alpha, 7, ClaimAction.SkipQueued, 2900, reason: SkipReason.Deadline), Is.EqualTo(1));

        var record = _fixture.Find(7);
        Assert.That((record.QueuedDueMs, record.MissedCount, record.WakeAtMs(Alpha)), Is.EqualTo((0, 1, 3000)));
        Assert.That(record.LastRun!.ScheduledMs, Is.EqualTo(2000));
    }

    [TestCase(3000, TaskPhase.Scheduled, 3000)]
    [TestCase(2000, TaskPhase.Completed, 0, Description = "no later one: nothing would be consumed twice")]
    [TestCase(0, TaskPhase.Completed, 0)]
    public void SKIP_QUEUED_of_the_last_due_time_goes_on_with_the_one_after_it(
        long nextDueMs, object phase, long expectedMs)
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Claim(Alpha, 7, ClaimAction.Queue, 2000, 2000, 0);
        _fixture.Succeed(7);

        _fixture.Claim(Alpha, 7, ClaimAction.SkipQueued, 2900, 0, nextDueMs, reason: SkipReason.Deadline);

        var record = _fixture.Find(7);
        Assert.That((record.QueuedDueMs, record.Phase, record.NextDueMs), Is.EqualTo((0, phase, expectedMs)));
    }

    [Test]
    public async Task The_last_twenty_runs_are_remembered_newest_first_also_over_a_restore()
    {
        _fixture.Create(7);
        for (var i = 1; i <= 50; i++)
        {
            _fixture.Start(7, i * 1000, (i + 1) * 1000);
            _fixture.Finish(Alpha, 7, i % 3 == 0 ? AttemptOutcome.Failed : AttemptOutcome.Succeeded);
        }

        var runs = _fixture.Find(7).History!.ToList();
        var restored = await Restored(await SnapshotOf(_fixture.State));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(runs.Select(run => run.Sequence), Is.EqualTo(Enumerable.Range(31, 20).Reverse()));
            Assert.That(runs[2].Status, Is.EqualTo(RunStatus.Failed));
            Assert.That(runs[2].ScheduledMs, Is.EqualTo(48_000));
            Assert.That(restored.Find(new TaskId(7))!.History, Is.EqualTo(_fixture.Find(7).History));
            Assert.That(restored.StateHash(), Is.EqualTo(_fixture.State.StateHash()));
        }
    }

    [Test]
    public async Task Open_runs_side_by_side_and_delays_survive_a_restore()
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow)));
        _fixture.Start(7, 1000, 1001);
        _fixture.Claim(Alpha, 7, ClaimAction.StartBeside, 1001, 1001, 9000, nextDelayMs: 77);
        _fixture.Run(7, nowMs: 1100, scheduledMs: 600);

        var restored = await Restored(await SnapshotOf(_fixture.State));

        var (before, after) = (_fixture.Find(7), restored.Find(new TaskId(7))!);
        Assert.That(after with { Definition = before.Definition }, Is.EqualTo(before));
        Assert.That(after.Runs!.Count, Is.EqualTo(3));
    }

    [Test]
    public void An_action_or_a_reason_of_a_newer_version_stops_the_node()
    {
        _fixture.Create(7);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => _fixture.Claim(Alpha, 7, (ClaimAction)10, 1000), Throws.TypeOf<InvalidDataException>());
            Assert.That(
                () => _fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 1000, 1000, reason: (SkipReason)5),
                Throws.TypeOf<InvalidDataException>());
        }
    }
}
