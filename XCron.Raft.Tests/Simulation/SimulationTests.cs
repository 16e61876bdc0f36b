namespace XCron.Raft.Tests.Simulation;

/// <summary>A fixed set of seeds; XCRON_SEED replays one, XCRON_SEEDS runs as many as asked.</summary>
internal sealed class SimulationTests
{
    private const int DefaultSeeds = 150;

    [TestCase(3)]
    [TestCase(5)]
    public void Whatever_fails_nothing_acknowledged_is_lost_and_the_cluster_converges(int nodeCount)
    {
        var acknowledged = 0L;
        foreach (var seed in Seeds())
        {
            var simulation = new ClusterSimulation(seed, nodeCount);
            try
            {
                simulation.Run(ClusterSimulation.UsualSteps);
            }
            catch (Exception failure)
            {
                Assert.Fail($"XCRON_SEED={seed} nodes={nodeCount} ({simulation.Figures}): {failure}");
            }

            acknowledged += simulation.Figures.Acknowledged;
            TestContext.Out.WriteLine($"seed {seed}: {simulation.Figures}");
        }

        Assert.That(acknowledged, Is.GreaterThan(0), "the simulation did something");
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

    private static IEnumerable<int> Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEED"), out var seed))
            return [seed];

        var isAsked = int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEEDS"), out var count);
        return Enumerable.Range(1, isAsked ? count : DefaultSeeds);
    }
}
