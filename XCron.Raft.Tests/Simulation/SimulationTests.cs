namespace XCron.Raft.Tests.Simulation;

/// <summary>A fixed set of seeds; XCRON_SEED replays one, XCRON_SEEDS runs as many as asked.</summary>
internal sealed class SimulationTests
{
    private const int DefaultSeeds = 300;

    [Test]
    public void Whatever_fails_nothing_acknowledged_is_lost_and_the_cluster_converges()
    {
        var total = new SimulationFigures();
        var coverage = new Coverage();
        foreach (var seed in Seeds())
        {
            var simulation = Run(SimulationPlan.Draw(seed));
            total = total.Plus(simulation.Figures);
            coverage.Add(simulation.Coverage);
        }

        TestContext.Out.WriteLine($"in all: {total}");
        foreach (var line in coverage.Report())
            TestContext.Out.WriteLine(line);
        Assert.That(total.Acknowledged, Is.GreaterThan(0), "the simulation did something");
    }

    [Test]
    public void The_same_seed_gives_the_same_history()
    {
        var first = Run(SimulationPlan.Draw(7));
        var second = Run(SimulationPlan.Draw(7));

        Assert.That(second.Figures, Is.EqualTo(first.Figures));
        Assert.That(second.History, Is.EqualTo(first.History));
    }

    private static ClusterSimulation Run(SimulationPlan plan)
    {
        var simulation = new ClusterSimulation(plan);
        try
        {
            simulation.Run();
        }
        catch (Exception failure)
        {
            Assert.Fail($"XCRON_SEED={plan.Seed} ({simulation.Figures}): {failure}\n{plan}");
        }

        return simulation;
    }

    private static IEnumerable<int> Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEED"), out var seed))
            return [seed];

        var isAsked = int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEEDS"), out var count);
        return Enumerable.Range(1, isAsked ? count : DefaultSeeds);
    }
}
