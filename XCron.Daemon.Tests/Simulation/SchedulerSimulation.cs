namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Whole schedulers in one thread, virtual time and one seed: logs, states, wheels, claims, callbacks and results of
/// the product, on simulated disks, network, clocks and targets, with a nemesis. What happened is then judged.
/// </summary>
internal sealed class SchedulerSimulation
{
    private readonly SimulationWorld _world;
    private readonly SimulationTurns _turns;
    private readonly Nemesis _nemesis;
    private readonly Workload _workload;

    public SchedulerSimulation(int seed)
    {
        var random = new Random(seed);
        Plan = SimulationPlan.Draw(seed, random);
        _world = new SimulationWorld(Plan, random);
        _turns = new SimulationTurns(_world);
        _nemesis = new Nemesis(Plan, _world);
        _workload = new Workload(Plan, _world);
    }

    public SimulationPlan Plan { get; }

    public History History => _world.History;

    public SimulationReport? Report { get; private set; }

    /// <summary>Runs to the end and judges; throws what the simulation itself found broken.</summary>
    public SimulationReport Run()
    {
        foreach (var machine in _world.Machines)
            machine.TryStart();
        _workload.Begin();
        _nemesis.Begin();
        _turns.GoOn(Plan.LengthMs);
        _nemesis.End();
        _world.History.Troubles.Add(new Trouble("end", default, History.NowMs, History.NowMs));
        _turns.GoOn(_world.Timeouts.RecoveryMs * 2);
        RequireSettled();
        History.EndMs = History.NowMs;
        new EqualStates(_world, _turns).Require();
        var report = new HistoryChecker(History, Plan, _world.Timeouts).Judge();
        return Report = report with { Faults = _nemesis.Counts, Outcomes = _world.Outcomes };
    }

    /// <summary>An operator may have to ask more than once, of nodes that are none of the members too.</summary>
    private void RequireSettled()
    {
        const int MostRounds = 10;
        for (var round = 0; _nemesis.Unsettled() is { } unsettled; round++)
        {
            if (round == MostRounds)
                throw new InvalidOperationException(unsettled);
            _turns.GoOn(_world.Timeouts.RecoveryMs / 2);
        }
    }
}
