using XCron.Raft.Runtime;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>Reads by lease through whole nodes: real loops and appliers.</summary>
internal sealed class LeaseReadTests
{
    private StationCluster _cluster = null!;
    private SimulatedNode _leader = null!;

    [SetUp]
    public void SetUp()
    {
        _cluster = new StationCluster(3, new SimulationPlan { Seed = 1, LeaseReads = true });
        _leader = _cluster.Elect();
        _cluster.Run(100);
        foreach (var other in _cluster.Nodes.Where(node => node != _leader))
            _cluster.Network.Cut(_leader.Id, other.Id); // from now on nobody can be asked
    }

    [Test]
    public async Task A_read_within_the_lease_needs_no_peer()
    {
        var read = Read(announce: true);
        TurnLeader();

        Assert.That(read.IsCompleted && await read);
    }

    [Test]
    public void A_read_after_the_lease_waits_for_a_majority_that_does_not_come()
    {
        _cluster.Time.Advance(199);
        var read = Read(announce: true);
        TurnLeader();

        Assert.That(read.IsCompleted, Is.False);
    }

    // The process is stopped for a while within a turn of its loop. A reader that comes right afterwards joins those
    // that are gathered: the clock that the turn began with says nothing of what others have committed since.
    [Test]
    public async Task A_reader_that_joins_during_a_pause_within_the_turn_is_not_served_by_the_lease_of_before()
    {
        var before = Read(announce: true);
        Task<bool>? after = null;
        _leader.Clock.AfterNextLook = () =>
        {
            _cluster.Time.Advance(3000);
            after = Read(announce: false);
        };

        TurnLeader();

        Assert.That(after, Is.Not.Null.And.SameAs(before), "they share a batch");
        Assert.That(after!.IsCompleted && await after, Is.False);
    }

    private Task<bool> Read(bool announce)
    {
        var done = _leader.Process!.Parts.Reads.Join(out _);
        if (announce)
            Assert.That(_leader.Process.Loop.TryPost(new NodeInput.ReadsWaiting()));
        return done;
    }

    private void TurnLeader()
    {
        _leader.Process!.Loop.RunOnce();
        _leader.Process.Parts.Applier.RunOnce();
    }
}
