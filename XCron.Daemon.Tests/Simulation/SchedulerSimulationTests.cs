namespace XCron.Daemon.Tests.Simulation;

/// <summary>A fixed set of seeds; XCRON_SEED replays one.</summary>
internal sealed class SchedulerSimulationTests
{
    private const int Seeds = 12;

    [Test]
    public void Whatever_fails_no_run_is_lost_early_or_sent_again_without_a_crash()
    {
        var total = new SimulationReport { Wrongs = [] };
        foreach (var seed in SeedsToRun())
        {
            var simulation = new SchedulerSimulation(seed);
            SimulationReport report;
            try
            {
                report = simulation.Run();
            }
            catch (Exception failure)
            {
                Assert.Fail($"XCRON_SEED={seed} {simulation.Plan}: {failure}");
                throw;
            }

            Assert.That(report.Wrongs, Is.Empty, $"XCRON_SEED={seed} {simulation.Plan}: {report}");
            total = total.Plus(report);
        }

        TestContext.Out.WriteLine(total);
        Assert.That(total.Sent, Is.GreaterThan(0), "the simulation did something");
    }

    [Test]
    public void The_same_seed_gives_the_same_history([Values(4, 5, 6)] int seed)
    {
        var first = new SchedulerSimulation(seed);
        var second = new SchedulerSimulation(seed);

        first.Run();
        second.Run();

        Assert.That(second.History.Lines(), Is.EqualTo(first.History.Lines()));
    }

    private static IEnumerable<int> SeedsToRun() =>
        int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEED"), out var seed)
            ? [seed]
            : Enumerable.Range(1, Seeds);
}
