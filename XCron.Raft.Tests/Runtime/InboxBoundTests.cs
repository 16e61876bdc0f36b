using XCron.Raft.Runtime;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>No rate of proposals, messages or reads breaks what the stations count on.</summary>
internal sealed class InboxBoundTests
{
    private StationCluster _cluster = null!;
    private SimulatedNode _node = null!;

    [SetUp]
    public void SetUp()
    {
        _cluster = new StationCluster(1, new SimulationPlan { Seed = 1, MaxUncommittedBytes = 1 << 30 });
        _node = _cluster.Elect();
    }

    [Test]
    public void A_disk_that_stands_ends_in_overload_however_many_turns_the_loop_makes()
    {
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var outcome = _cluster.Propose(_node);
            _node.Process!.Loop.RunOnce();
            if (outcome() is ProposeOutcome.Rejected { Reason: RejectReason.Overloaded })
                refused++;
        }

        Assert.That(refused, Is.InRange(1000, 10_000));
        _cluster.Run(100);
        var last = _cluster.Propose(_node);
        _cluster.Run(100);
        Assert.That(last(), Is.InstanceOf<ProposeOutcome.Applied>(), "and it recovers");
    }

    [Test]
    public async Task Reads_behind_a_state_machine_that_stands_are_refused_in_the_end_and_served_when_it_goes_on()
    {
        var first = Read();
        var reads = 1;
        for (; reads < 20_000 && !Read().IsCompleted; reads++)
            _node.Process!.Loop.RunOnce();
        Assert.That(reads, Is.InRange(4000, 5000));

        _cluster.Run(100);

        Assert.That(first.IsCompleted && await first);
        var later = Read();
        _cluster.Run(100);
        Assert.That(later.IsCompleted && await later, "the place is free again");
    }

    [Test]
    public void What_the_nodes_own_stations_report_gets_in_although_peers_flood_it()
    {
        var loop = _node.Process!.Loop;
        var message = new NodeInput.PeerDisconnected(new NodeId(9));
        while (loop.TryPostFromOutside(message))
        {
            // Until it is full for those outside.
        }

        Assert.That(loop.TryPost(new NodeInput.Durable(0)));
        Assert.That(loop.Waiting, Is.GreaterThan(100_000));
    }

    private Task<bool> Read()
    {
        var done = _node.Process!.Parts.Reads.Join(out var isNew);
        if (isNew)
            Assert.That(_node.Process.Loop.TryPost(new NodeInput.ReadsWaiting()));
        return done;
    }
}
