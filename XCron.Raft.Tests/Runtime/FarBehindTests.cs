using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>
/// A follower that is far behind a leader which goes on writing, and takes snapshots faster than they travel: it always
/// arrives (consul 9609, camunda 5135).
/// </summary>
internal sealed class FarBehindTests
{
    private static readonly SimulationPlan ManySnapshots = new() { Seed = 1, SnapshotLogBytes = 600 };

    [TestCase(false)]
    [TestCase(true)]
    public void A_follower_far_behind_a_busy_leader_arrives(bool linkBreaks)
    {
        var cluster = new StationCluster(3, ManySnapshots);
        var leader = cluster.Elect();
        var behind = cluster.Nodes.First(node => node != leader);
        Cut(cluster, behind);
        Write(cluster, leader, count: 300);
        var snapshotsBefore = StationCluster.StatusOf(leader).SnapshotIndex;
        Assert.That(
            snapshotsBefore, Is.GreaterThan(StationCluster.StatusOf(behind).LastIndex), "only a snapshot helps");

        cluster.Network.HealAll();
        var rounds = 0;
        for (; rounds < 200 && !HasArrived(leader, behind); rounds++)
        {
            Write(cluster, leader, count: 10);
            if (!linkBreaks || rounds % 5 != 4)
                continue;

            Cut(cluster, behind);
            cluster.Run(20);
            cluster.Network.HealAll();
        }

        Assert.That(HasArrived(leader, behind), $"after {rounds} rounds of writes");
        Assert.That(StationCluster.StatusOf(leader).SnapshotIndex, Is.GreaterThan(snapshotsBefore), "it was busy");
    }

    private static bool HasArrived(SimulatedNode leader, SimulatedNode behind) =>
        StationCluster.StatusOf(leader).Applied - StationCluster.StatusOf(behind).Applied < 20;

    private static void Write(StationCluster cluster, SimulatedNode leader, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _ = cluster.Propose(leader);
            cluster.Run(2);
        }
    }

    private static void Cut(StationCluster cluster, SimulatedNode behind)
    {
        foreach (var other in cluster.Nodes.Where(node => node != behind))
        {
            cluster.Network.Cut(other.Id, behind.Id);
            cluster.Network.Cut(behind.Id, other.Id);
        }
    }
}
