namespace XCron.Raft.Tests.Simulation;

/// <summary>Crashes, kills, pauses and restarts processes, and makes their clocks wrong.</summary>
internal sealed class ProcessFaults(SimulationPlan plan, VirtualTime time, Random random, NetworkFaults network)
{
    private const int MaxPauseMs = 1200;
    private const int MaxLeapMs = 3000;

    private readonly ProcessPlan _plan = plan.Process;

    public int Crashes { get; private set; }

    public int Kills { get; private set; }

    public int Pauses { get; private set; }

    public int Leaps { get; private set; }

    public int Ambushes { get; private set; }

    /// <summary>Whether a process that is down comes back now.</summary>
    public bool ComesBack => random.Next(100) == 0;

    /// <summary>Every machine's clock has its own rate, from its first day on.</summary>
    public void SetClock(SimulatedNode node)
    {
        if (_plan.ClockDrift > 0)
            node.Clock.ChangeRate(1 + (_plan.ClockDrift * ((2 * random.NextDouble()) - 1)));
    }

    public void Act(SimulatedNode node)
    {
        if (random.NextDouble() < _plan.Crashes)
            Crash(node);
        else if (random.NextDouble() < _plan.Pauses)
            Pause(node);
        if (_plan.ClockLeaps > 0 && random.NextDouble() < _plan.ClockLeaps)
        {
            Leaps++;
            node.Clock.Leap(random.Next(MaxLeapMs));
        }
    }

    /// <summary>
    /// A leader was just elected. Struck now it leaves a log that conflicts with the next one's (Raft figure 8).
    /// </summary>
    public void AmbushElected(SimulatedNode leader, IReadOnlyList<SimulatedNode> nodes)
    {
        if (_plan.Churn == 0 || random.NextDouble() >= _plan.Churn)
            return;

        Ambushes++;
        switch (Any(_plan.ElectedAmbushes, kinds: 4))
        {
            case 0:
                Crash(leader);
                break;
            case 1: // nothing of what it appends leaves it
                network.Isolate(leader.Id, nodes.Select(node => node.Id), isWhole: true);
                break;
            case 2: // what it appends reaches one other node, or none
                var other = nodes[random.Next(nodes.Count)];
                network.Isolate(leader.Id, nodes.Where(node => node != other).Select(node => node.Id), isWhole: true);
                break;
            default: // its own disk is the last to have what it appends
                leader.DiskSpeed = 0.02;
                break;
        }
    }

    /// <summary>
    /// A leader has committed something in this step. What it has not told everybody, and what it has told them and not
    /// yet heard back, is now most fragile.
    /// </summary>
    public void AmbushCommitted(SimulatedNode leader, IReadOnlyList<SimulatedNode> nodes)
    {
        if (_plan.Ambushes == 0 || random.NextDouble() >= _plan.Ambushes)
            return;

        Ambushes++;
        var other = nodes[random.Next(nodes.Count)];
        switch (Any(_plan.CommittedAmbushes, kinds: 7))
        {
            case 0:
                Crash(leader);
                break;
            case 1: // whoever knows what the leader knew is not there when the next one is elected
                Crash(leader);
                Pause(other);
                break;
            case 2:
                Crash(leader);
                network.Isolate(other.Id, nodes.Select(node => node.Id), isWhole: true);
                break;
            case 3:
                Pause(leader);
                break;
            case 4:
                network.Isolate(leader.Id, nodes.Select(node => node.Id), isWhole: false);
                break;
            case 5: // what others have said to it trickles in long after they have said other things to another
                network.Besiege(leader.Id, nodes.Select(node => node.Id));
                break;
            default:
                leader.DiskSpeed = 0.02;
                break;
        }
    }

    /// <summary>One of the kinds that the plan has; bits of a mask.</summary>
    private int Any(int mask, int kinds)
    {
        var kind = random.Next(kinds);
        while ((mask & (1 << kind)) == 0)
            kind = (kind + 1) % kinds;
        return kind;
    }

    private void Crash(SimulatedNode node)
    {
        if (node.Process is null)
            return;

        if (random.NextDouble() < _plan.Kills)
        {
            Kills++;
            node.Kill();
        }
        else if (random.NextDouble() < plan.Disk.CrashesWithin)
        {
            // Counted when it happens: at one of the next things that the disk is asked to do.
            node.Disk.CrashAtOperation = node.Disk.Operations + random.Next(1, 15);
        }
        else
        {
            Crashes++;
            node.Crash();
        }
    }

    private void Pause(SimulatedNode node)
    {
        Pauses++;
        node.PausedUntilMs = time.NowMs + random.Next(MaxPauseMs);
    }
}
