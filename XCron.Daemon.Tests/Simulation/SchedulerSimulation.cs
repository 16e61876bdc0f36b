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
        RequireEqualStates();
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

    /// <summary>Once all have applied the same log, their states are equal byte for byte.</summary>
    private void RequireEqualStates()
    {
        const int MostSteps = 100_000;
        var processes = _world.Machines.Select(static machine => machine.Process!).ToArray();
        var step = 0;
        for (; step < MostSteps && !AreLevel(processes); step++)
        {
            _world.Time.Advance(Math.Max(0, _turns.NextDueMs() - _world.Time.NowMs));
            _turns.DoInstant();
        }

        if (step == MostSteps)
            throw new InvalidOperationException("The nodes never stand at the same index: " + Standing());
        var hashes = processes.Select(static process => process.State.StateHash()).Distinct();
        if (hashes.Count() != 1)
            throw new InvalidOperationException("The nodes have applied the same log and have different states.");
    }

    private static bool AreLevel(SchedulerProcess[] processes)
    {
        var applied = processes[0].Node.Loop.Core.Log.Applied;
        return Array.TrueForAll(processes, process =>
            process.Node.Loop.Core.Log.Applied == applied && process.Node.Parts.Applier.Waiting == 0
            && process.Node.Loop.Core.Log.Commit == applied);
    }

    private string Standing() => string.Join("; ", _world.Machines.Select(static machine =>
    {
        var core = machine.Process!.Node.Loop.Core;
        return $"{machine.Id.Value} is {core.Role.Kind} of {core.Term}, applied {core.Log.Applied}, "
            + $"commit {core.Log.Commit}, last {core.Log.LastIndex}";
    }));
}
