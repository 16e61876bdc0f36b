using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunTaskHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void A_run_by_hand_is_granted_to_the_owner_at_once_and_leaves_the_schedule_alone()
    {
        _fixture.Create(7, firstDueMs: 60_000);

        var result = _fixture.Run(7, nowMs: 5000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(ChangeAnswer.Decode(result.Data.Span), Is.EqualTo(new ChangeAnswer(new TaskId(7), 1)));
            Assert.That(record.Run!.ClaimedBy, Is.EqualTo(Alpha));
            Assert.That(record.Run.ScheduledMs, Is.EqualTo(5000));
            Assert.That(record.Run.IsByHand, Is.True);
            Assert.That(record.NextDueMs, Is.EqualTo(60_000));
            Assert.That(record.History!.Uncounted, Is.EqualTo(1));
            Assert.That(_fixture.Heard.Grants, Is.EqualTo(new[] { (Alpha, record) }));
        }
    }

    [Test]
    public void A_past_run_is_made_up_for_under_its_own_time()
    {
        _fixture.Create(7, firstDueMs: 60_000);

        _fixture.Run(7, nowMs: 5000, scheduledMs: 3000);

        var run = _fixture.Find(7).Run!;
        Assert.That((run.ScheduledMs, run.DelayMs), Is.EqualTo((3000, 2000)));
    }

    [Test]
    public void A_completed_one_shot_runs_once_more_and_its_retention_begins_anew()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        _fixture.Succeed(7);

        _fixture.Run(7, nowMs: 8000);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.Zero, "it is not swept while it runs");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Sweep, 9000), Is.Zero);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, expireAtMs: 20_000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((record.Phase, record.ExpireAtMs), Is.EqualTo((TaskPhase.Failed, 20_000)));
            Assert.That(record.RunCount, Is.EqualTo(2));
            Assert.That(record.History!.ToList().Select(run => run.Sequence), Is.EqualTo((long[])[2, 1]));
        }
    }

    [Test]
    public void A_paused_task_runs_by_hand_and_stays_paused()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        Assert.That(_fixture.Run(7, nowMs: 5000).Code, Is.Zero);
        _fixture.Succeed(7);

        Assert.That((_fixture.Find(7).Phase, _fixture.Find(7).NextDueMs), Is.EqualTo((TaskPhase.Paused, 1000)));
    }

    [TestCase(Overlap.Queue)]
    [TestCase(Overlap.Skip)]
    public void While_an_attempt_is_on_its_way_no_second_is_opened_where_runs_may_not_overlap(object overlap)
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: (Overlap)overlap)));
        _fixture.Start(7, nextDueMs: 2000);

        Assert.That(_fixture.Run(7, nowMs: 1500).Code, Is.EqualTo(ResultCode.RunGoingOn));
        Assert.That(_fixture.Find(7).Runs!.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_run_by_hand_is_opened_beside_one_that_waits_for_its_retry_and_holds_that_up()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 99_000);

        _fixture.Run(7, nowMs: 2000);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((record.Runs!.Count, record.Run!.Sequence, record.Run.Attempt), Is.EqualTo((2, 2, 1)));
            Assert.That((record.RunCount, record.FailCount), Is.EqualTo((0, 0)));
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, nowMs: 99_000, runSequence: 1), Is.Zero);
        }

        _fixture.Finish(Alpha, 7, AttemptOutcome.Succeeded, runSequence: 2);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, nowMs: 99_000, runSequence: 1), Is.EqualTo(1));
        Assert.That(_fixture.Find(7).Run!.Attempt, Is.EqualTo(2));
    }

    [Test]
    public void Where_runs_may_overlap_it_is_opened_beside_the_others_up_to_the_limit()
    {
        _fixture.Apply(CreateCommand(7, Definition(overlap: Overlap.Allow), firstDueMs: 60_000));
        for (var i = 0; i < OpenRuns.Most; i++)
            Assert.That(_fixture.Run(7, nowMs: 2000 + i).Code, Is.Zero);

        Assert.That(_fixture.Run(7, nowMs: 3000).Code, Is.EqualTo(ResultCode.TooManyRuns));
        _fixture.Finish(Alpha, 7, AttemptOutcome.Succeeded, runSequence: 3);
        Assert.That(_fixture.Run(7, nowMs: 3000).Code, Is.Zero);
    }

    [Test]
    public void A_due_time_queues_behind_a_run_by_hand()
    {
        _fixture.Create(7);
        _fixture.Run(7, nowMs: 900);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 1000, 1000, 2000), Is.Zero);
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Queue, 1000, 1000, 2000), Is.EqualTo(1));
    }

    [Test]
    public void Without_an_owner_nothing_is_opened()
    {
        _fixture.Create(7);
        _fixture.AssignAll(OwnerSession.None);

        Assert.That(_fixture.Run(7, nowMs: 5000).Code, Is.EqualTo(ResultCode.NoOwner));
        Assert.That(_fixture.Find(7).Run, Is.Null);
    }

    [Test]
    public void A_run_of_an_owner_that_is_gone_is_claimed_again()
    {
        _fixture.Create(7);
        _fixture.Run(7, nowMs: 900);
        _fixture.AssignAll(Beta);

        Assert.That(_fixture.Find(7).WakeAtMs(Beta), Is.EqualTo(1));
        Assert.That(_fixture.Claim(Beta, 7, ClaimAction.Reclaim, 950), Is.EqualTo(1));
    }

    [Test]
    public void A_time_to_come_and_a_task_that_is_not_there_are_refused()
    {
        _fixture.Create(7);

        Assert.That(_fixture.Run(7, nowMs: 900, scheduledMs: 901).Code, Is.EqualTo(ResultCode.Invalid));
        Assert.That(_fixture.Run(8, nowMs: 900).Code, Is.EqualTo(ResultCode.UnknownTask));
    }
}
