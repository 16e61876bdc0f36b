using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DeleteTaskHandlerTests
{
    private readonly StateFixture _fixture = new();

    [Test]
    public void A_deleted_task_is_gone_with_its_name([Values] bool byName)
    {
        var id = _fixture.Create(7, name: "nightly").Id;

        var result = _fixture.Apply(byName ? TaskCommands.EncodeDelete("nightly") : TaskCommands.EncodeDelete(id));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            var answer = DeleteAnswer.Decode(result.Data.Span);
            Assert.That((answer.Id, answer.Running, answer.Callers.Count), Is.EqualTo((id, false, 0)));
            Assert.That(_fixture.State.Find(id), Is.Null);
            Assert.That(_fixture.State.FindByName("nightly"), Is.Null);
            Assert.That(_fixture.Heard.Changes[^1], Is.EqualTo((id, (TaskRecord?)null)));
            Assert.That(_fixture.State.Counters, Is.EqualTo(new StateCounters { Created = 1, Deleted = 1 }));
        }
    }

    [Test]
    public void A_name_is_free_again_after_the_delete()
    {
        _fixture.Create(7, name: "nightly");
        _fixture.Apply(TaskCommands.EncodeDelete("nightly"));

        Assert.That(_fixture.Create(8, TaskType.OneShot, "nightly").Id.Value, Is.EqualTo(8));
    }

    [Test]
    public void An_unknown_task_is_answered_with_1030()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fixture.Apply(TaskCommands.EncodeDelete(new TaskId(9))).Code, Is.EqualTo(1030));
            Assert.That(_fixture.Apply(TaskCommands.EncodeDelete("nobody")).Code, Is.EqualTo(1030));
            Assert.That(_fixture.Apply(TaskCommands.EncodeDelete("")).Code, Is.EqualTo(1030));
        }
    }

    [Test]
    public void The_answer_says_that_an_attempt_is_on_its_way_and_its_result_is_stale_then()
    {
        var run = _fixture.Create(7).Id;
        var attempt = _fixture.Start(7).Run!;

        var result = _fixture.Apply(TaskCommands.EncodeDelete(run));
        var finish = _fixture.Apply(TaskCommands.EncodeFinish(Alpha, [new FinishAttempt
        {
            TaskId = 7,
            RunSequence = attempt.Sequence,
            Attempt = attempt.Attempt,
            Outcome = AttemptOutcome.Succeeded,
        }]));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(DeleteAnswer.Decode(result.Data.Span).Running, Is.True);
            Assert.That(DeleteAnswer.Decode(result.Data.Span).Callers, Is.EqualTo(new[] { Alpha.Node }));
            Assert.That(finish.Code, Is.Zero);
        }
    }

    [Test]
    public void A_run_that_waits_for_its_retry_is_not_on_its_way()
    {
        var id = _fixture.Create(7).Id;
        _fixture.Start(7);
        _fixture.Finish(Alpha, 7, AttemptOutcome.Failed, retryAtMs: 2000);

        var result = _fixture.Apply(TaskCommands.EncodeDelete(id));

        Assert.That(DeleteAnswer.Decode(result.Data.Span).Running, Is.False);
    }

    [Test]
    public void A_claim_that_comes_after_the_delete_in_the_log_is_not_granted()
    {
        var record = _fixture.Create(7);
        _fixture.Apply(TaskCommands.EncodeDelete(record.Id));

        var claim = new ClaimRun { TaskId = 7, Revision = 1, Action = ClaimAction.Start, ScheduledMs = 1000 };
        var granted = _fixture.Apply(TaskCommands.EncodeClaims(Alpha, 1000, [claim])).Code;

        Assert.That(granted, Is.Zero);
        Assert.That(_fixture.Heard.Grants, Is.Empty);
    }
}
