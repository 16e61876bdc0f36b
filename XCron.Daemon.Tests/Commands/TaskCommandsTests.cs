using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Commands;

internal sealed class TaskCommandsTests
{
    private static readonly OwnerSession Session = new(new NodeId(3), 9);

    private static readonly StrictParser<TaskCommand> Parser = new(TaskCommand.Parser);

    [Test]
    public void A_delete_names_the_task_by_id_or_by_name()
    {
        var byId = Parser.Parse(TaskCommands.EncodeDelete(new TaskId(5)));
        var byName = Parser.Parse(TaskCommands.EncodeDelete("nightly"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(byId.Delete, Is.EqualTo(new DeleteTask { TaskId = 5 }));
            Assert.That(byName.Delete, Is.EqualTo(new DeleteTask { Name = "nightly" }));
        }
    }

    [Test]
    public void Claims_and_results_carry_their_session()
    {
        var claim = new ClaimRun { TaskId = 1, Revision = 2, Action = ClaimAction.Start };
        var attempt = new FinishAttempt { TaskId = 1, RunSequence = 2, Attempt = 3 };

        var claims = Parser.Parse(TaskCommands.EncodeClaims(Session, 77, [claim])).Claim;
        var finish = Parser.Parse(TaskCommands.EncodeFinish(Session, [attempt])).Finish;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(SessionMessage.Read(claims.Session), Is.EqualTo(Session));
            Assert.That(claims.NowMs, Is.EqualTo(77));
            Assert.That(claims.Claims, Is.EqualTo(new[] { claim }));
            Assert.That(SessionMessage.Read(finish.Session), Is.EqualTo(Session));
            Assert.That(finish.Attempts, Is.EqualTo(new[] { attempt }));
        }
    }

    [Test]
    public void An_assignment_names_each_owner_once()
    {
        var other = new OwnerSession(new NodeId(4), 8);

        var assign = Parser.Parse(TaskCommands.EncodeAssign(
            6, [(new ShardId(1), Session), (new ShardId(2), other), (new ShardId(3), Session)])).Assign;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(assign.ExpectedEpoch, Is.EqualTo(6));
            Assert.That(assign.Assignments, Has.Count.EqualTo(2));
            Assert.That(assign.Assignments[0].Shards, Is.EqualTo([1, 3]));
            Assert.That(SessionMessage.Read(assign.Assignments[1].Session), Is.EqualTo(other));
        }
    }

    [Test]
    public void A_delete_answer_is_read_as_it_was_written()
    {
        var read = DeleteAnswer.Decode(
            new DeleteAnswer(new TaskId(12), true) { Callers = [new NodeId(3), new NodeId(ulong.MaxValue)] }.Encode());

        Assert.That((read.Id, read.Running), Is.EqualTo((new TaskId(12), true)));
        Assert.That(read.Callers, Is.EqualTo(new[] { new NodeId(3), new NodeId(ulong.MaxValue) }));
        Assert.That(() => DeleteAnswer.Decode([0x0a, 0x09]), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void What_a_newer_version_adds_is_not_passed_over()
    {
        byte[] command = [.. TaskCommands.EncodeDelete(new TaskId(5)), 15 << 3, 1];

        Assert.That(() => Parser.Parse(command), Throws.TypeOf<InvalidDataException>());
    }
}
