namespace XCron.Daemon.Tests.Simulation;

/// <summary>Lets time pass in a simulated world, from one thing that is due to the next.</summary>
internal sealed class SimulationTurns(SimulationWorld world)
{
    private const int MostRounds = 20_000;

    public void GoOn(long ms)
    {
        var endMs = world.Time.NowMs + ms;
        while (true)
        {
            DoInstant();
            var nextMs = Math.Max(NextDueMs(), world.Time.NowMs);
            if (nextMs >= endMs)
                break;
            world.Time.Advance(nextMs - world.Time.NowMs);
        }

        world.Time.Advance(endMs - world.Time.NowMs);
    }

    /// <summary>All that happens at this moment, until nothing more does.</summary>
    public void DoInstant()
    {
        var nowMs = world.Time.NowMs;
        for (var round = 0; ; round++)
        {
            var did = world.Agenda.DoDue();
            did |= world.Network.DeliverDue();
            var first = world.Random.Next(world.Machines.Count);
            for (var i = 0; i < world.Machines.Count; i++)
            {
                var machine = world.Machines[(first + i) % world.Machines.Count];
                did |= machine.NextDueMs <= nowMs && machine.Turn(nowMs);
            }

            if (!did)
                return;
            if (round > MostRounds)
                throw new InvalidOperationException("Something turns in vain: a moment has no end.");
        }
    }

    public long NextDueMs()
    {
        var nextMs = Math.Min(world.Agenda.NextDueMs, world.Network.NextDueMs);
        foreach (var machine in world.Machines)
            nextMs = Math.Min(nextMs, machine.NextDueMs);
        return nextMs;
    }
}
