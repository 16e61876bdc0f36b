namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 7: messages take up to half a second and a third of them is lost, or one direction of a line is dead. No
/// term follows the other, and every run is sent.
/// </summary>
internal sealed class BadNetworkTests
{
    private const int OneShots = 120;
    private const long LengthMs = 180_000;

    [Test]
    public void With_half_a_second_of_delay_and_a_third_lost_nothing_is_lost_and_elections_are_rare(
        [Values(1, 2, 3)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed);
        var ids = cluster.CreateOneShots(OneShots, cluster.NowMs + 10_000, (LengthMs - 20_000.0) / OneShots);
        var term = TermOf(cluster);

        cluster.Note("loss", LengthMs);
        cluster.World.Network.Loss = 0.3;
        cluster.World.Network.MaxDelayMs = 500;
        cluster.GoOn(LengthMs);
        var elections = TermOf(cluster) - term;
        cluster.World.Network.Loss = 0;
        cluster.World.Network.MaxDelayMs = 5;
        cluster.Recover();

        cluster.Judge();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.History.Calls.Select(static call => call.Task).Distinct(), Is.EquivalentTo(ids));
            Assert.That(elections, Is.AtMost(1), "terms in three minutes");
        }
    }

    [Test]
    public void A_line_that_is_dead_in_one_direction_brings_one_election_at_most_and_loses_nothing(
        [Values] bool fromLeader, [Values] bool both)
    {
        var cluster = SimulatedCluster.Form(5);
        var ids = cluster.CreateOneShots(OneShots, cluster.NowMs + 10_000, (LengthMs - 20_000.0) / OneShots);
        var (leader, term) = (cluster.Leader, TermOf(cluster));

        cluster.Note("cut", LengthMs);
        foreach (var other in cluster.Followers.Take(both ? 2 : 1))
            cluster.World.Network.Cut(fromLeader ? leader.Id : other.Id, fromLeader ? other.Id : leader.Id);
        cluster.GoOn(LengthMs);
        var elections = TermOf(cluster) - term;
        cluster.World.Network.MendAll();
        cluster.Recover();

        cluster.Judge();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.History.Calls.Select(static call => call.Task).Distinct(), Is.EquivalentTo(ids));
            Assert.That(elections, Is.AtMost(both ? 2 : 0), "with the other follower it has a majority, and stays");
        }
    }

    private static long TermOf(SimulatedCluster cluster) =>
        cluster.World.Machines.Max(static machine => machine.Process!.Raft.Term.Value);
}
