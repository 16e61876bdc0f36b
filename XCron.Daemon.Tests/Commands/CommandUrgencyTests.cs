using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Commands;

/// <summary>What goes on while disk space is low.</summary>
internal sealed class CommandUrgencyTests
{
    [Test]
    public void Claims_results_and_owners_are_urgent_and_nothing_else_is()
    {
        var urgent = new List<TaskCommand.KindOneofCase>();
        foreach (var kind in TaskCommand.Descriptor.Oneofs[0].Fields)
        {
            var command = new TaskCommand();
            kind.Accessor.SetValue(command, kind.MessageType.Parser.ParseFrom([]));
            if (CommandUrgency.Of(command.ToByteArray()) == ProposalUrgency.Urgent)
                urgent.Add(command.KindCase);
        }

        Assert.That(urgent, Is.EquivalentTo(new[]
        {
            TaskCommand.KindOneofCase.Claim, TaskCommand.KindOneofCase.Finish, TaskCommand.KindOneofCase.Assign,
        }));
    }

    [Test]
    public void A_create_as_it_is_written_by_hand_is_ordinary()
    {
        var task = new NewTask(new TaskId(7), 1, 2, new byte[10]);

        var bytes = TaskCommands.EncodeCreate(new OwnerSession(new NodeId(1), 2), task);

        Assert.That(CommandUrgency.Of(bytes), Is.EqualTo(ProposalUrgency.Ordinary));
        Assert.That(CommandUrgency.Of([]), Is.EqualTo(ProposalUrgency.Ordinary), "refused later, for what it is");
    }
}
