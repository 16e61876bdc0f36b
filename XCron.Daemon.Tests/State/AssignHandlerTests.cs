using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AssignHandlerTests
{
    // The fixture has assigned every shard to Alpha at epoch 1.
    private readonly StateFixture _fixture = new();

    private static OwnerSession Gone => new(new NodeId(9), 99);

    [Test]
    public void An_assignment_moves_the_shards_it_names_and_raises_the_epoch()
    {
        var result = _fixture.Apply(TaskCommands.EncodeAssign(1, [(new ShardId(0), Beta), (new ShardId(255), Beta)]));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(_fixture.State.Ownership.Epoch, Is.EqualTo(2));
            Assert.That(_fixture.State.OwnerOf(new ShardId(255)), Is.EqualTo(Beta));
            Assert.That(_fixture.State.OwnerOf(new ShardId(1)), Is.EqualTo(Alpha));
            Assert.That(_fixture.State.Ownership.Sessions.Count(owner => owner == Beta), Is.EqualTo(2));
            Assert.That(_fixture.Heard.Epochs, Is.EqualTo([1, 2]));
        }
    }

    [Test]
    public void An_assignment_from_another_epoch_is_refused([Values(0, 2)] long epoch)
    {
        var result = _fixture.Apply(TaskCommands.EncodeAssign(epoch, [(new ShardId(0), Beta)]));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.EqualTo(1));
            Assert.That(_fixture.State.Ownership.Epoch, Is.EqualTo(1));
            Assert.That(_fixture.State.OwnerOf(new ShardId(0)), Is.EqualTo(Alpha));
            Assert.That(_fixture.Heard.Epochs, Is.EqualTo([1]));
        }
    }

    [Test]
    public void An_assignment_of_a_shard_that_does_not_exist_assigns_nothing([Values(-1, 256)] int shard)
    {
        var result = _fixture.Apply(TaskCommands.EncodeAssign(1, [(new ShardId(0), Beta), (new ShardId(shard), Beta)]));

        Assert.That(result.Code, Is.EqualTo(ResultCode.NoSuchShard));
        Assert.That(_fixture.State.OwnerOf(new ShardId(0)), Is.EqualTo(Alpha));
        Assert.That(_fixture.State.Ownership.Epoch, Is.EqualTo(1));
    }

    [Test]
    public void Who_owns_nothing_any_more_is_alive_as_long_as_assignments_list_it_as_ending()
    {
        var all = Enumerable.Range(0, ShardId.Count).ToArray();
        _fixture.Apply(Assign(1, Beta, all, Alpha));
        var ending = _fixture.State.Ownership;
        _fixture.Apply(Assign(2, Beta, [], Alpha));
        var still = _fixture.State.Ownership.IsAlive(Alpha);
        _fixture.Apply(Assign(3, Beta, []));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ending.Sessions, Is.All.EqualTo(Beta));
            Assert.That((ending.IsAlive(Alpha), ending.IsAlive(Beta), still), Is.EqualTo((true, true, true)));
            Assert.That(_fixture.State.Ownership.IsAlive(Alpha), Is.False);
            Assert.That(_fixture.State.Ownership.IsAlive(OwnerSession.None), Is.False, "nobody is");
        }
    }

    [Test]
    public void An_owner_is_not_ending_and_nobody_is_twice()
    {
        _fixture.Apply(Assign(1, Beta, [3], Alpha, Beta, Gone, Gone, OwnerSession.None));

        Assert.That(_fixture.State.Ownership.Ending, Is.EqualTo(new[] { Gone }));
    }

    [Test]
    public async Task Who_is_ending_stays_so_over_a_snapshot()
    {
        _fixture.Apply(Assign(1, Beta, [3], Gone));
        var restored = await Restored(await SnapshotOf(_fixture.State));

        Assert.That(restored.Ownership.Ending, Is.EqualTo(new[] { Gone }));
        Assert.That(restored.StateHash(), Is.EqualTo(_fixture.State.StateHash()));
    }

    [Test]
    public void Before_the_first_assignment_nobody_owns_anything()
    {
        var state = new Daemon.State.SchedulerState();

        Assert.That(state.Ownership.Epoch, Is.Zero);
        Assert.That(state.Ownership.Sessions, Is.EqualTo(new OwnerSession[256]));
    }

    [Test]
    public void A_run_claimed_by_the_old_owner_wakes_at_once_for_the_new_one()
    {
        _fixture.Create(7, TaskType.OneShot);
        _fixture.Start(7);
        Assert.That(_fixture.Find(7).WakeAtMs(Alpha), Is.Zero);

        _fixture.AssignAll(Beta);

        Assert.That(_fixture.Find(7).WakeAtMs(Beta), Is.EqualTo(1));
    }

    private static byte[] Assign(long epoch, OwnerSession owner, int[] shards, params OwnerSession[] ending)
    {
        var assign = new AssignShards { ExpectedEpoch = epoch };
        var assignment = new Assignment { Session = SessionMessage.Of(owner) };
        assignment.Shards.Add(shards);
        assign.Assignments.Add(assignment);
        assign.Ending.Add(ending.Select(SessionMessage.Of));
        return new TaskCommand { Assign = assign }.ToByteArray();
    }
}
