namespace XCron.Raft.Tests.Simulation;

/// <summary>A fixed set of seeds; XCRON_SEED replays one, XCRON_SEEDS runs as many as asked.</summary>
internal sealed class SimulationTests
{
    private const int DefaultSeeds = 250;

    /// <summary>So rare that a few hundred seeds need not meet them; thousands do.</summary>
    private static readonly RareEvent[] VeryRare =
    [
        RareEvent.VoteForStranger, RareEvent.UndurableSuffixTruncated, RareEvent.SnapshotOverConflictingLog,
        RareEvent.DamageNoticedWhileRunning, RareEvent.DamageUnnoticed, RareEvent.LateReadAnswerToDeposed,
        RareEvent.ConfigurationRolledBack,
    ];

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
        if (Environment.GetEnvironmentVariable("XCRON_SEED") is null)
            Assert.That(coverage.Missing.Except(VeryRare), Is.Empty, "and met what it is there to meet");
    }

    [Test]
    public void The_same_seed_gives_the_same_history()
    {
        var first = Run(SimulationPlan.Draw(7));
        var second = Run(SimulationPlan.Draw(7));

        Assert.That(second.Figures, Is.EqualTo(first.Figures));
        Assert.That(second.History, Is.EqualTo(first.History));
    }

    [Test]
    public void A_history_is_written_as_one_line_of_json_for_each_event()
    {
        var lines = new StringWriter { NewLine = "\n" };

        HistoryLines.Write(lines,
        [
            new HistoryEvent(0, HistoryKind.Invoke, HistoryOperation.Write, 2, 7, 0, 5),
            new HistoryEvent(1, HistoryKind.Invoke, HistoryOperation.CompareAndSet, 2, 8, 0, 6),
            new HistoryEvent(1, HistoryKind.Mismatch, HistoryOperation.CompareAndSet, 2, 8, 0, 7),
            new HistoryEvent(0, HistoryKind.Info, HistoryOperation.Write, 2, 7, 0, 8),
            new HistoryEvent(3, HistoryKind.Ok, HistoryOperation.Read, 1, 0, 0, 9),
        ]);

        Assert.That(lines.ToString(), Is.EqualTo(
            """
            {"index":0,"process":0,"type":"invoke","f":"write","key":2,"value":7,"time":5000000}
            {"index":1,"process":1,"type":"invoke","f":"cas","key":2,"value":[null,8],"time":6000000}
            {"index":2,"process":1,"type":"fail","f":"cas","key":2,"value":[null,8],"time":7000000,"error":"mismatch"}
            {"index":3,"process":0,"type":"info","f":"write","key":2,"value":7,"time":8000000}
            {"index":4,"process":3,"type":"ok","f":"read","key":1,"value":null,"time":9000000}

            """));
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
