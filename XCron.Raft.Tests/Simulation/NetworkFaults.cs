namespace XCron.Raft.Tests.Simulation;

/// <summary>Cuts the network in the shapes that have brought down real clusters, for a while.</summary>
internal sealed class NetworkFaults(NetworkPlan plan, SimulatedNetwork network, VirtualTime time, Random random)
{
    public int Cuts { get; private set; }

    public void Act(IReadOnlyList<SimulatedNode> nodes)
    {
        if (random.NextDouble() < plan.Cuts)
            CutSomehow([.. nodes.Select(node => node.Id)]);
    }

    /// <summary>Nothing reaches it, nothing leaves it, or both.</summary>
    public void Isolate(NodeId victim, IEnumerable<NodeId> others, bool isWhole)
    {
        var inward = isWhole || random.Next(3) != 0;
        var outward = isWhole || !inward || random.Next(2) == 0;
        var outage = Begin();
        foreach (var other in others.Where(other => other != victim))
        {
            if (inward)
                network.Cut(other, victim, outage.UntilMs, outage.Severs);
            if (outward)
                network.Cut(victim, other, outage.UntilMs, outage.Severs);
        }
    }

    /// <summary>Cut off both ways; but what is on its way to it arrives, bit by bit.</summary>
    public void Besiege(NodeId victim, IEnumerable<NodeId> others)
    {
        var (untilMs, _) = Begin();
        network.HoldBack(victim);
        foreach (var other in others.Where(other => other != victim))
        {
            network.Cut(other, victim, untilMs, severs: false);
            network.Cut(victim, other, untilMs, severs: false);
        }
    }

    private void CutSomehow(NodeId[] nodes)
    {
        random.Shuffle(nodes);
        switch (random.Next(5))
        {
            case 0:
                Isolate(nodes[0], nodes, isWhole: false);
                break;
            case 1:
                Isolate(nodes[0], nodes.Where(_ => random.Next(2) == 0), isWhole: false);
                break;
            case 2: // a chain: A hears B, B hears C, and A and C never meet
                Keep(nodes, (left, right) => Math.Abs(left - right) == 1);
                break;
            case 3: // a star: all hear one, and it alone hears all
                Keep(nodes, (left, right) => left == 0 || right == 0);
                break;
            default: // two groups
                var size = random.Next(1, Math.Max(2, nodes.Length));
                Keep(nodes, (left, right) => left < size == right < size);
                break;
        }
    }

    private void Keep(NodeId[] nodes, Func<int, int, bool> keeps)
    {
        var outage = Begin();
        for (var i = 0; i < nodes.Length; i++)
        {
            for (var j = 0; j < nodes.Length; j++)
            {
                if (i != j && !keeps(i, j))
                    network.Cut(nodes[i], nodes[j], outage.UntilMs, outage.Severs);
            }
        }
    }

    private (long UntilMs, bool Severs) Begin()
    {
        Cuts++;
        return (time.NowMs + random.Next(plan.MaxCutMs), random.Next(2) == 0);
    }
}
