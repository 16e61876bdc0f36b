using System.Buffers.Binary;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>A node of one whose disk gives trouble: the real stations on a simulated disk, turned by hand.</summary>
internal sealed class DiskTroubleTests
{
    private VirtualTime _time = null!;
    private SimulatedNode _node = null!;
    private long _lastCommand;

    [SetUp]
    public void SetUp()
    {
        _lastCommand = 0;
        _time = new VirtualTime();
        var random = new Random(1);
        var plan = new SimulationPlan { Seed = 1 };
        var network = new SimulatedNetwork(plan.Network, _time, random);
        var initial = new Membership(new Guid(1, 2, 3, new byte[8]), [new Member(new NodeId(1), "node1:1")]);
        var watch = new NobodyWatches();
        _node = new SimulatedNode(
            new NodeId(1),
            initial,
            plan,
            _time,
            owner => new SimulatedTransport(owner, network, _ => _node, watch),
            random)
        {
            Watch = watch,
        };
        _node.Start();
        Turn();
    }

    [Test]
    public void A_proposal_is_acknowledged_only_when_its_own_flush_is_done()
    {
        var outcome = Propose();
        _node.Process!.Loop.RunOnce();
        _node.Process.Parts.Applier.RunOnce();
        Assert.That(outcome(), Is.Null, "appended, and not on disk");

        Turn();

        Assert.That(outcome(), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    [Test]
    public void A_failed_fsync_is_never_tried_again_and_nothing_of_it_is_acknowledged()
    {
        var outcome = Propose();
        _node.Process!.Loop.RunOnce();
        _node.Disk.FailNextSync();

        Assert.That(_node.Process.Parts.Writer.RunOnce, Throws.InstanceOf<LogWriteFailedException>());
        Assert.That(_node.Process.Parts.Writer.RunOnce, Throws.InstanceOf<LogWriteFailedException>(), "dead for good");
        _node.Process.Loop.RunOnce();
        _node.Process.Parts.Applier.RunOnce();
        Assert.That(outcome(), Is.Null);
    }

    [Test]
    public void A_full_disk_refuses_by_type_and_takes_proposals_again_when_there_is_space()
    {
        _node.Disk.BytesUntilFull = 0;
        var underWay = Propose();
        Turn();
        var refused = Propose();
        Turn();

        _node.Disk.BytesUntilFull = null;
        Turn();
        var afterwards = Propose();
        Turn();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                refused(),
                Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.DiskFull, new NodeId(1))),
                "refused before it was appended");
            Assert.That(underWay(), Is.InstanceOf<ProposeOutcome.Applied>(), "it was only waiting for space");
            Assert.That(afterwards(), Is.InstanceOf<ProposeOutcome.Applied>());
        }
    }

    [Test]
    public void What_was_acknowledged_is_there_after_a_loss_of_power()
    {
        for (var i = 0; i < 200; i++)
        {
            var outcome = Propose();
            Turn();
            Assert.That(outcome(), Is.InstanceOf<ProposeOutcome.Applied>());
        }

        _node.Crash();
        _node.Start();
        Turn();

        Assert.That(_node.Machine.Commands, Is.EqualTo(Enumerable.Range(1, 200)));
    }

    [Test]
    public void A_proposal_whose_time_is_over_ends_as_unknown_and_may_yet_be_applied()
    {
        var outcome = Propose();
        _node.Process!.Loop.RunOnce();
        _time.Advance(2500);
        _node.Process.Loop.RunOnce();
        Assert.That(outcome(), Is.InstanceOf<ProposeOutcome.Unknown>());

        Turn();

        Assert.That(_node.Machine.Commands, Is.EqualTo([1L]));
    }

    /// <returns>Tells the outcome; null while there is none.</returns>
    private Func<ProposeOutcome?> Propose()
    {
        var payload = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(payload, ++_lastCommand);
        var proposal = _node.Process!.Proposals.Rent();
        proposal.Begin(payload, _node.Process.Clock.NowMs);
        Assert.That(_node.Process.Loop.TryPost(proposal));
        var asked = proposal.Outcome;
        ProposeOutcome? told = null;
        return () =>
        {
            if (told is null && asked.IsCompleted)
                told = asked.Result;
            return told;
        };
    }

    /// <summary>Turns every station often enough that nothing is left to do.</summary>
    private void Turn()
    {
        for (var i = 0; i < 40; i++)
        {
            _time.Advance(1);
            _node.Turn();
        }
    }
}
