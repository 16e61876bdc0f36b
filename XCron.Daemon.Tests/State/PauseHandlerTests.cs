using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PauseHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void A_pause_starts_nothing_and_consumes_nothing()
    {
        _fixture.Create(7);

        var code = _fixture.Pause(7);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero);
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Paused));
            Assert.That(record.NextDueMs, Is.EqualTo(1000));
            Assert.That(record.WakeAtMs(Alpha), Is.Zero);
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5000, 1000, 2000), Is.Zero);
            Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.SkipDue, 5000, 1000, 2000), Is.Zero);
            Assert.That(_fixture.State.Counters.Paused, Is.EqualTo(1));
        }
    }

    [Test]
    public void A_claim_that_was_made_before_the_pause_is_refused_after_it()
    {
        var record = _fixture.Create(7);
        var claim = new ClaimRun
        {
            TaskId = 7,
            Revision = record.Revision,
            Action = ClaimAction.Start,
            ScheduledMs = 1000,
            NextDueMs = 2000,
        };
        _fixture.Pause(7);

        Assert.That(_fixture.Apply(TaskCommands.EncodeClaims(Alpha, 1000, [claim])).Code, Is.Zero);
    }

    [Test]
    public void A_run_that_has_started_goes_on_with_its_retries_while_the_task_is_paused()
    {
        _fixture.Create(7);
        _fixture.Start(7, nextDueMs: 2000);
        _fixture.Pause(7);
        Assert.That(_fixture.State.Counters.Running, Is.EqualTo(1));

        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 5000);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.EqualTo(5000), "not its next due time");
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Retry, 5000), Is.EqualTo(1));
        _fixture.Succeed(7);

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.RunCount, record.NextDueMs), Is.EqualTo((TaskPhase.Paused, 1, 2000)));
    }

    [Test]
    public void A_resume_leaves_the_due_times_that_passed_to_the_misfire_rule()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        var code = _fixture.Resume(7);

        var record = _fixture.Find(7);
        Assert.That(code, Is.Zero);
        Assert.That((record.Phase, record.WakeAtMs(Alpha)), Is.EqualTo((TaskPhase.Scheduled, 1000)));
        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 5000, 5000, 6000, missed: 4), Is.EqualTo(1));
    }

    [Test]
    public void A_resume_may_pass_over_what_was_missed_and_records_it()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        _fixture.Resume(7, replacesDue: true, nextDueMs: 6000, nextDelayMs: 30, missed: 5);

        var record = _fixture.Find(7);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.WakeAtMs(Alpha), Is.EqualTo(6030));
            Assert.That(record.MissedCount, Is.EqualTo(5));
            Assert.That(record.LastRun!.Status, Is.EqualTo(RunStatus.Skipped));
            Assert.That(record.LastRun.Error, Does.Contain("misfire").And.Contain("5 due times"));
            Assert.That(_fixture.State.Counters.RunsSkipped, Is.EqualTo(5));
        }
    }

    [Test]
    public void A_resume_that_finds_nothing_left_to_run_ends_the_task()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        _fixture.Resume(7, replacesDue: true, missed: 1, expireAtMs: 9000);

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.ExpireAtMs), Is.EqualTo((TaskPhase.Expired, 9000)));
    }

    [Test]
    public void A_resume_computed_from_an_older_look_is_refused()
    {
        var record = _fixture.Create(7);
        _fixture.Pause(7);
        var stale = new ResumeTask { TaskId = 7, Revision = record.Revision };

        Assert.That(_fixture.Apply(TaskCommands.EncodeResume(stale)).Code, Is.EqualTo(ResultCode.Changed));
        Assert.That(_fixture.Find(7).Phase, Is.EqualTo(TaskPhase.Paused));
    }

    [Test]
    public void A_resume_does_not_go_back_to_a_due_time_that_was_served()
    {
        _fixture.Create(7);
        _fixture.Pause(7);

        Assert.That(
            _fixture.Resume(7, replacesDue: true, nextDueMs: 1000), Is.EqualTo(ResultCode.Invalid));
    }

    [Test]
    public void What_the_state_does_not_allow_is_refused_by_its_own_code()
    {
        _fixture.Create(7);
        _fixture.Create(8, TaskType.OneShot);
        _fixture.Start(8);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Resume(7), Is.EqualTo(ResultCode.NotPaused));
            Assert.That(_fixture.Pause(8), Is.EqualTo(ResultCode.NothingToPause), "its only run is going on");
            _fixture.Succeed(8);
            Assert.That(_fixture.Pause(8), Is.EqualTo(ResultCode.NothingToPause), "it is completed");
            _fixture.Pause(7);
            Assert.That(_fixture.Pause(7), Is.EqualTo(ResultCode.AlreadyPaused));
            Assert.That(_fixture.Pause(99), Is.EqualTo(ResultCode.UnknownTask));
            Assert.That(
                _fixture.Apply(TaskCommands.EncodePause(default, "nobody")).Code, Is.EqualTo(ResultCode.UnknownTask));
        }
    }

    [Test]
    public void A_task_is_created_paused_and_keeps_its_first_due_time()
    {
        _fixture.Apply(CreateCommand(7, Definition(paused: true)));

        var record = _fixture.Find(7);
        Assert.That((record.Phase, record.NextDueMs), Is.EqualTo((TaskPhase.Paused, 1000)));
        Assert.That(_fixture.State.Counters.Paused, Is.EqualTo(1));
    }

    [Test]
    public void A_paused_one_shot_runs_late_once_it_is_resumed()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Pause(7);
        _fixture.Resume(7);

        Assert.That(_fixture.Claim(Alpha, 7, ClaimAction.Start, 99_000, 1000), Is.EqualTo(1));
    }
}
