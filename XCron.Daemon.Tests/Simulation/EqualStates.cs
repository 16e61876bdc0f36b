namespace XCron.Daemon.Tests.Simulation;

/// <summary>Whether the nodes of a world that has come to rest have the same state.</summary>
internal sealed class EqualStates(SimulationWorld world, SimulationTurns turns)
{
    /// <summary>Once all have applied the same log, their states are equal byte for byte.</summary>
    public void Require()
    {
        const int MostSteps = 100_000;
        var processes = world.Machines.Select(static machine => machine.Process!).ToArray();
        var step = 0;
        for (; step < MostSteps && !AreLevel(processes); step++)
        {
            world.Time.Advance(Math.Max(0, turns.NextDueMs() - world.Time.NowMs));
            turns.DoInstant();
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

    private string Standing() => string.Join("; ", world.Machines.Select(static machine =>
    {
        var core = machine.Process!.Node.Loop.Core;
        return $"{machine.Id.Value} is {core.Role.Kind} of {core.Term}, applied {core.Log.Applied}, "
            + $"commit {core.Log.Commit}, last {core.Log.LastIndex}";
    }));
}
