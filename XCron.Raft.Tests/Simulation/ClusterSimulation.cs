using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A whole cluster in one thread, virtual time and one seed: real cores, log writers and appliers on simulated disks
/// and a simulated network. First everything goes wrong, then nothing does, and it must converge.
/// </summary>
internal sealed class ClusterSimulation
{
    public const int UsualSteps = 1500;

    private const int MaxNodes = 12;

    private readonly Random _random;
    private readonly VirtualTime _time = new();
    private readonly SimulatedNetwork _network;
    private readonly List<SimulatedNode> _nodes;
    private readonly ClusterInvariants _invariants = new();
    private readonly ClientOracle _oracle;
    private readonly double _crashRate;
    private readonly double _cutRate;
    private readonly SimulatedOperator? _operator;
    private int _crashes;
    private int _pauses;
    private int _cuts;

    /// <param name="seed">Decides everything.</param>
    /// <param name="nodeCount">Who forms the cluster.</param>
    /// <param name="changesMembers">Whether nodes come, go and hand over meanwhile.</param>
    public ClusterSimulation(int seed, int nodeCount, bool changesMembers = false)
    {
        _random = new Random(seed);
        _network = new SimulatedNetwork(_time, _random)
        {
            Loss = _random.NextDouble() * 0.1,
            Doubling = _random.NextDouble() * 0.1,
            MaxDelayMs = _random.Next(1, 40),
        };
        _crashRate = _random.NextDouble() * 0.004;
        _cutRate = _random.NextDouble() * 0.006;
        _oracle = new ClientOracle(_random);

        var members = Enumerable.Range(1, nodeCount).Select(i => new Member(new NodeId((ulong)i), $"node{i}:1"));
        var initial = new Membership(new Guid(seed, 1, 1, new byte[8]), members);
        _nodes = [.. initial.Members.Select(member => NewNode(member.Id, initial))];
        _operator = changesMembers ? new SimulatedOperator(_random, StartJoiner) : null;
    }

    public SimulationFigures Figures => new()
    {
        Elections = _invariants.Elections,
        Crashes = _crashes,
        Pauses = _pauses,
        Cuts = _cuts,
        MessagesLost = _network.Lost,
        MessagesDoubled = _network.Doubled,
        Acknowledged = _oracle.Acknowledged,
        Unknown = _oracle.Unknown,
        Reads = _oracle.ReadsServed,
        MembersChanged = _operator?.Changed ?? 0,
        Transfers = _operator?.Transferred ?? 0,
    };

    public void Run(int steps)
    {
        foreach (var node in _nodes)
            node.Start();
        for (var step = 0; step < steps; step++)
        {
            Harm();
            Ask();
            Step();
        }

        Converge();
    }

    private SimulatedNode NewNode(NodeId id, Membership initial) =>
        new(id, initial, _time, () => new SimulatedTransport(_network, HostOf), _random)
        {
            Applied = _invariants.Applied,
        };

    private SimulatedNode? StartJoiner(Membership told)
    {
        if (_nodes.Count >= MaxNodes)
            return null;

        var node = NewNode(new NodeId((ulong)_nodes.Count + 1), told);
        _nodes.Add(node);
        node.Start();
        return node;
    }

    private NodeAssembly? HostOf(NodeId id) => _nodes.Find(node => node.Id == id)?.Process;

    private void Step()
    {
        _time.Advance(_random.Next(1, 6));
        _network.DeliverDue();
        foreach (var node in _nodes)
        {
            node.Turn();
            _invariants.Check(node);
        }

        _oracle.Collect();
        _operator?.Collect();
    }

    private void Ask()
    {
        if (_random.Next(3) == 0)
            _oracle.Propose(LeaderOrAny());
        if (_random.Next(8) == 0)
            _oracle.Read(AnyNode());
        if (_operator is not null && _random.Next(25) == 0)
            _operator.Act(LeaderOrAny());
    }

    private SimulatedNode AnyNode() => _nodes[_random.Next(_nodes.Count)];

    private SimulatedNode LeaderOrAny()
    {
        var leader = _nodes.Find(node => node.Process?.Loop.Core.Role.Kind == RaftRole.Leader);
        return leader is null || _random.Next(10) == 0 ? AnyNode() : leader;
    }

    private void Harm()
    {
        foreach (var node in _nodes)
        {
            if (node.Process is null)
            {
                if (_random.Next(150) == 0)
                    node.Start();
            }
            else if (_random.NextDouble() < _crashRate)
            {
                _crashes++;
                node.Crash();
            }
            else if (_random.NextDouble() < _crashRate / 2)
            {
                _pauses++;
                node.PausedUntilMs = _time.NowMs + _random.Next(1000);
            }
        }

        if (_random.Next(100) == 0)
            AnyNode().DiskSpeed = _random.Next(2) == 0 ? 1 : _random.NextDouble() * 0.3;
        if (_random.NextDouble() < _cutRate)
            CutSomething();
        if (_random.Next(150) == 0)
            _network.HealAll();
    }

    private void CutSomething()
    {
        _cuts++;
        var victim = AnyNode().Id;
        var inward = _random.Next(3) != 0;
        var outward = !inward || _random.Next(2) == 0;
        var all = _random.Next(2) == 0;
        foreach (var other in _nodes)
        {
            if (other.Id == victim || !all && _random.Next(2) == 0)
                continue;
            if (inward)
                _network.Cut(other.Id, victim);
            if (outward)
                _network.Cut(victim, other.Id);
        }
    }

    /// <summary>
    /// After the faults end there is one leader, it takes writes, and all logs and states become equal.
    /// </summary>
    private void Converge()
    {
        const int MaxSteps = 6000;
        _network.HealAll();
        _network.Loss = 0;
        foreach (var node in _nodes)
        {
            node.PausedUntilMs = 0;
            node.DiskSpeed = 1;
            if (node.Process is null)
                node.Start();
        }

        var acknowledgedBefore = _oracle.Acknowledged;
        var step = 0;
        for (; step < MaxSteps && !(IsQuiet() && _oracle.Acknowledged > acknowledgedBefore); step++)
        {
            if (step % 50 == 0 && _oracle.Acknowledged == acknowledgedBefore)
                _oracle.Propose(LeaderOrAny());
            Step();
        }

        Assert.That(step, Is.LessThan(MaxSteps), () => "after the faults the cluster converges: " + Standing());
        var members = Members()!;
        foreach (var node in members)
        {
            Assert.That(node.Machine.Hash, Is.EqualTo(members[0].Machine.Hash), $"the final state of {node.Id}");
            _oracle.CheckFinal(node);
        }
    }

    private string Standing() => string.Join("; ", _nodes.Select(node =>
    {
        var core = node.Process!.Loop.Core;
        return $"{node.Id.Value} is {core.Role.Kind} of {core.Term}, log {core.Log.Commit} to {core.Log.LastIndex}, "
            + $"applied {core.Log.Applied}, members [{core.Membership}], leaving {core.Membership.Outgoing.Length}";
    }));

    /// <summary>Those in the configuration of the one leader; null where there is not one, or a change is under way.
    /// </summary>
    private SimulatedNode[]? Members()
    {
        var leaders = _nodes.FindAll(node => node.Process!.Loop.Core.Role.Kind == RaftRole.Leader);
        if (leaders is not [var leader])
            return null;

        var membership = leader.Process!.Loop.Core.Membership;
        return membership.Outgoing.IsEmpty ? [.. _nodes.Where(node => membership.Find(node.Id) is not null)] : null;
    }

    private bool IsQuiet()
    {
        if (Members() is not { } members)
            return false;

        var commit = members[0].Process!.Loop.Core.Log.Commit;
        return Array.TrueForAll(members, node =>
        {
            var log = node.Process!.Loop.Core.Log;
            return log.LastIndex == log.Commit && log.Applied == log.Commit && log.Commit == commit;
        });
    }
}
