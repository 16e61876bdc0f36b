using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using static XCron.Daemon.Tests.State.StateFixture;

namespace XCron.Daemon.Tests.State;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AssignHandlerTests
{
    // The fixture has assigned every shard to Alpha at epoch 1.
    private readonly StateFixture _fixture = new();

    [Test]
    public void An_assignment_moves_the_shards_it_names_and_raises_the_epoch()
    {
        var result = _fixture.Apply(TaskCommands.EncodeAssign(1, [(new ShardId(0), Beta), (new ShardId(255), Beta)]));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Code, Is.Zero);
            Assert.That(_fixture.State.OwnersEpoch, Is.EqualTo(2));
            Assert.That(_fixture.State.OwnerOf(new ShardId(255)), Is.EqualTo(Beta));
            Assert.That(_fixture.State.OwnerOf(new ShardId(1)), Is.EqualTo(Alpha));
            Assert.That(_fixture.State.Owners().Count(owner => owner == Beta), Is.EqualTo(2));
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
            Assert.That(_fixture.State.OwnersEpoch, Is.EqualTo(1));
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
        Assert.That(_fixture.State.OwnersEpoch, Is.EqualTo(1));
    }

    [Test]
    public void A_copy_of_the_table_is_the_callers_own()
    {
        _fixture.State.Owners()[0] = Beta;

        Assert.That(_fixture.State.OwnerOf(new ShardId(0)), Is.EqualTo(Alpha));
    }

    [Test]
    public void Before_the_first_assignment_nobody_owns_anything()
    {
        var state = new Daemon.State.SchedulerState();

        Assert.That(state.OwnersEpoch, Is.Zero);
        Assert.That(state.Owners(), Is.EqualTo(new OwnerSession[256]));
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
}
