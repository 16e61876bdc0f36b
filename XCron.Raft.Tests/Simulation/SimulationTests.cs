namespace XCron.Raft.Tests.Simulation;

/// <summary>A fixed set of seeds; XCRON_SEED replays one, XCRON_SEEDS runs as many as asked.</summary>
internal sealed class SimulationTests
{
    private const int DefaultSeeds = 150;

    [TestCase(3)]
    [TestCase(5)]
    public void Whatever_fails_nothing_acknowledged_is_lost_and_the_cluster_converges(int nodeCount)
    {
        var total = Run(nodeCount, changesMembers: false);

        Assert.That(total.Acknowledged, Is.GreaterThan(0), "the simulation did something");
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Nothing_is_lost_either_while_members_come_and_go_and_leadership_is_handed_over(int nodeCount)
    {
        var total = Run(nodeCount, changesMembers: true);

        Assert.That(total.MembersChanged, Is.GreaterThan(0), "members changed");
        Assert.That(total.Acknowledged, Is.GreaterThan(0), "and the simulation did something");
    }

    [Test]
    public void The_same_seed_gives_the_same_history()
    {
        var first = new ClusterSimulation(7, 3);
        var second = new ClusterSimulation(7, 3);

        first.Run(ClusterSimulation.UsualSteps);
        second.Run(ClusterSimulation.UsualSteps);

        Assert.That(second.Figures, Is.EqualTo(first.Figures));
    }

    private static SimulationFigures Run(int nodeCount, bool changesMembers)
    {
        var total = new SimulationFigures();
        foreach (var seed in Seeds())
        {
            var simulation = new ClusterSimulation(seed, nodeCount, changesMembers);
            try
            {
                simulation.Run(ClusterSimulation.UsualSteps);
            }
            catch (Exception failure)
            {
                Assert.Fail($"XCRON_SEED={seed} nodes={nodeCount} ({simulation.Figures}): {failure}");
            }

            total = total.Plus(simulation.Figures);
            TestContext.Out.WriteLine($"seed {seed}: {simulation.Figures}");
        }

        TestContext.Out.WriteLine($"in all: {total}");
        return total;
    }

    private static IEnumerable<int> Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEED"), out var seed))
            return [seed];

        var isAsked = int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEEDS"), out var count);
        return Enumerable.Range(1, isAsked ? count : DefaultSeeds);
    }
}
