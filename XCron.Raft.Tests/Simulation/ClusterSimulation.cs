using XCron.Raft.Core;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A whole cluster in one thread, virtual time and one seed: real cores, log writers and appliers on simulated disks
/// and a simulated network. Everything goes wrong, then nothing does and it must converge, and so on by turns.
/// </summary>
internal sealed class ClusterSimulation : INodeWatch, IMessageWatch
{
    private const int MaxMachines = 24;
    private const int MaxConvergingSteps = 6000;

    private readonly SimulationPlan _plan;
    private readonly Random _random;
    private readonly VirtualTime _time = new();
    private readonly SimulatedNetwork _network;
    private readonly NetworkFaults _networkFaults;
    private readonly ProcessFaults _processFaults;
    private readonly DiskFaults _diskFaults;
    private readonly FaultBudget _budget = new();
    private readonly List<SimulatedNode> _nodes;
    private readonly HashSet<NodeId> _gone = [];
    private readonly ClusterView _cluster;
    private readonly ClusterInvariants _invariants = new();
    private readonly NodeCoverage _nodeCoverage;
    private readonly MessageCoverage _messageCoverage;
    private readonly OutcomeCoverage _outcomeCoverage;
    private readonly ClientOracle _oracle;
    private readonly SimulatedClients _clients;
    private readonly SimulatedOperator _operator;
    private int _machines;
    private int _wipes;
    private int _undecided;
    private bool _isHarmed;
    private bool _wereAllDown;

    public ClusterSimulation(SimulationPlan plan)
    {
        _plan = plan;
        _random = new Random(plan.Seed);
        _network = new SimulatedNetwork(plan.Network, _time, _random);
        _networkFaults = new NetworkFaults(plan.Network, _network, _time, _random);
        _processFaults = new ProcessFaults(plan, _time, _random, _networkFaults);
        _diskFaults = new DiskFaults(plan.Disk, _time, _random, _budget);
        _nodeCoverage = new NodeCoverage(Coverage);
        _messageCoverage = new MessageCoverage(Coverage);
        _outcomeCoverage = new OutcomeCoverage(Coverage);
        _oracle = new ClientOracle(_random) { Ended = _outcomeCoverage.Ended };
        _clients = new SimulatedClients(plan, _time, _random, _oracle, Coverage);
        _operator = new SimulatedOperator(_random, Coverage, Joiner);

        var members = Enumerable.Range(1, plan.Nodes).Select(i => new Member(new NodeId((ulong)i), $"node{i}:1"));
        var initial = new Membership(new Guid(plan.Seed, 1, 1, new byte[8]), members);
        _nodes = [.. initial.Members.Select(_ => NewMachine(initial))];
        _cluster = new ClusterView(_nodes, _gone);
    }

    public Coverage Coverage { get; } = new();

    /// <summary>What the clients did and heard.</summary>
    public IReadOnlyList<HistoryEvent> History => _clients.History;

    public SimulationFigures Figures => new()
    {
        Elections = _invariants.Elections,
        Crashes = _processFaults.Crashes,
        Kills = _processFaults.Kills,
        Pauses = _processFaults.Pauses,
        Ambushes = _processFaults.Ambushes,
        ClockLeaps = _processFaults.Leaps,
        Wipes = _wipes,
        Cuts = _networkFaults.Cuts,
        MessagesLost = _network.Lost,
        MessagesDoubled = _network.Doubled,
        MessagesLate = _network.Late,
        DiskErrors = _diskFaults.Errors,
        DisksFull = _diskFaults.Fills,
        DiskStalls = _diskFaults.Stalls,
        BitsRotten = _diskFaults.Rots,
        WritesMisdirected = _diskFaults.Misdirections,
        Acknowledged = _oracle.Acknowledged,
        Unknown = _oracle.Unknown,
        Reads = _clients.ReadsServed,
        MembersChanged = _operator.Changed,
        Transfers = _operator.Transferred,
        KeysUndecided = _undecided,
    };

    public void Run()
    {
        foreach (var node in _nodes)
            Start(node);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            _isHarmed = true;
            for (var step = 0; step < _plan.StepsARound; step++)
            {
                Harm();
                Ask();
                Step();
            }

            Converge();
        }

        if (LinearizabilityChecker.Check(History, out _undecided) is { } trouble)
            Assert.Fail(trouble);
    }

    void INodeWatch.Applied(SimulatedNode node, LogIndex index, ulong hash) => _invariants.Applied(node, index, hash);

    void INodeWatch.ReadsFromDisk(SimulatedNode node) => Coverage.Reached(RareEvent.EntriesReadFromDisk);

    void INodeWatch.Died(SimulatedNode node, IOException? failure) => Coverage.Reached(failure switch
    {
        null => RareEvent.DiedWithinDiskOperation,
        LogDamagedException => RareEvent.DamageNoticedWhileRunning,
        _ => RareEvent.DiskErrorEndedProcess,
    });

    void IMessageWatch.Sent(SimulatedNode from, Message message)
    {
        var core = from.Process!.Loop.Core;
        from.Promises.Spoke(message, core);
        _messageCoverage.Sent(core, message);
    }

    void IMessageWatch.Arrives(SimulatedNode at, Message message) =>
        _messageCoverage.Arrives(at.Process!.Loop.Core, message);

    void IMessageWatch.Fetches(SimulatedNode node, long offset)
    {
        if (offset > 0)
            Coverage.Reached(RareEvent.SnapshotResumed);
    }

    private SimulatedNode NewMachine(Membership initial)
    {
        var id = new NodeId((ulong)++_machines);
        var node = new SimulatedNode(id, initial, _plan, _time, NewTransport, _random) { Watch = this };
        _processFaults.SetClock(node);
        return node;
    }

    private SimulatedTransport NewTransport(SimulatedNode owner) => new(owner, _network, Find, this);

    private SimulatedNode? Find(NodeId id) => _nodes.Find(node => node.Id == id);

    /// <summary>A machine that was never a member: one that waits, or a new one.</summary>
    private SimulatedNode? Joiner(Membership told)
    {
        if (_nodes.Find(node => IsFit(node) && node.LastKnown.MembershipIndex == LogIndex.Zero) is { } waiting)
            return waiting;
        if (_machines >= MaxMachines)
            return null;

        var node = NewMachine(told);
        _nodes.Add(node);
        Start(node);
        return node;
    }

    private void Start(SimulatedNode node)
    {
        switch (node.Start())
        {
            case null:
                Started(node);
                break;
            case LogDamagedException damage:
                if (!node.IsDiskSuspect)
                    Assert.Fail($"{node.Id} refuses a disk that nothing was done to: {damage}");
                Coverage.Reached(RareEvent.DamageRefusedStart);
                TakeAway(node);
                break;
            case SimulatedDiskCrash:
                Coverage.Reached(RareEvent.DiedWithinDiskOperation);
                break;
            default:
                Coverage.Reached(RareEvent.DiskErrorRefusedStart);
                break;
        }
    }

    private void Started(SimulatedNode node)
    {
        _nodeCoverage.Started(node.Process!);
        if (node.Promises.BrokenBy(node.Process!.Loop.Core) is not { } forgotten)
        {
            if (node.IsDiskSuspect)
                _budget.Recovered(node.Id);
            node.IsDiskSuspect = false;
            return;
        }

        if (!node.IsDiskSuspect)
            Assert.Fail($"{node.Id} has started and forgotten {forgotten}");
        Coverage.Reached(RareEvent.DamageUnnoticed);
        node.Kill();
        TakeAway(node);
    }

    /// <summary>Its disk is lost; under its name nobody comes back.</summary>
    private void TakeAway(SimulatedNode node)
    {
        _budget.Spend(node.Id);
        _gone.Add(node.Id);
        _nodes.Remove(node);
    }

    private void Step()
    {
        _time.Advance(_random.Next(1, 6));
        _network.DeliverDue();
        for (var i = 0; i < _nodes.Count; i++)
        {
            var node = _nodes[i];
            node.Turn();
            if (node.Process is null)
                continue;

            node.Remember();
            _invariants.Check(node);
            var news = _nodeCoverage.Observe(node, _network);
            if (_isHarmed && news == LeaderNews.Elected)
                _processFaults.AmbushElected(node, _nodes);
            if (_isHarmed && news == LeaderNews.Committed)
                _processFaults.AmbushCommitted(node, _nodes);
        }

        _oracle.Collect();
        _clients.Collect();
        _operator.Collect();
        if (_gone.Count > 0 && _random.Next(10) == 0)
            Mend();
    }

    private void Ask()
    {
        if (_random.NextDouble() < _plan.AskRate)
            _clients.Ask(LeaderOrAny, ReadPlace);
        if (_plan.ChangesMembers && _random.Next(25) == 0 && _budget.Hurt.Count == 0)
            _operator.Act(LeaderOrAny());
    }

    private SimulatedNode ReadPlace()
    {
        var newest = _nodes.Max(static node => node.LastKnown.Term.Value);
        var deposed = _nodes.Find(node => node.IsRunning
            && node.Process!.Loop.Core is { Role.Kind: RaftRole.Leader } core && core.Term.Value < newest);
        if (deposed is not null && _random.NextDouble() < _plan.Audits)
            return deposed;

        return _random.Next(2) == 0 ? LeaderOrAny() : AnyNode();
    }

    private SimulatedNode AnyNode() => _nodes[_random.Next(_nodes.Count)];

    /// <summary>One that believes to lead; there may be several.</summary>
    private SimulatedNode LeaderOrAny()
    {
        var leaders = _nodes.FindAll(node => node.Process?.Loop.Core.Role.Kind == RaftRole.Leader);
        return leaders.Count == 0 || _random.Next(10) == 0 ? AnyNode() : leaders[_random.Next(leaders.Count)];
    }

    private void Harm()
    {
        for (var i = _nodes.Count - 1; i >= 0; i--)
        {
            var node = _nodes[i];
            if (node.Process is not null)
                _processFaults.Act(node);
            else if (_processFaults.ComesBack)
                Start(node);
        }

        var areAllDown = _nodes.TrueForAll(static node => node.Process is null);
        if (areAllDown && !_wereAllDown)
            Coverage.Reached(RareEvent.AllDownAtOnce);
        _wereAllDown = areAllDown;
        _networkFaults.Act(_nodes);
        _diskFaults.Act(AnyNode(), () => _cluster.Settled(_operator.IsChanging));
        if (_random.NextDouble() < _plan.Process.Wipes)
            Wipe(AnyNode());

        // Damage is found out when the disk is read again, so that must happen before long.
        if (_budget.Hurt.Count > 0 && _random.Next(100) == 0)
            _nodes.Find(static node => node.IsDiskSuspect && node.Process is not null)?.Crash();
    }

    private void Wipe(SimulatedNode victim)
    {
        if (!_budget.Allows(victim.Id, _cluster.Settled(_operator.IsChanging)))
            return;

        _wipes++;
        victim.Crash();
        TakeAway(victim);
    }

    private void Mend()
    {
        if (_cluster.TrueLeader() is not { IsRunning: true } leader)
            return;

        _operator.Mend(leader, _gone.Contains, id => Find(id) is { } node && IsFit(node));
        if (_cluster.Settled(_operator.IsChanging) is not { } settled)
            return;

        var replaced = _gone.RemoveWhere(id => settled.Find(id) is null);
        for (; replaced > 0; replaced--)
            Coverage.Reached(RareEvent.HurtNodeReplaced);
        _budget.Settled(settled);
    }

    private static bool IsFit(SimulatedNode node) => node.IsRunning && !node.IsDiskSuspect;

    /// <summary>
    /// After the faults end there is one leader, it takes writes, and all logs and states become equal.
    /// </summary>
    private void Converge()
    {
        Calm();
        var acknowledgedBefore = _oracle.Acknowledged;
        var step = 0;
        for (; step < MaxConvergingSteps && !(_cluster.IsQuiet() && _oracle.Acknowledged > acknowledgedBefore); step++)
        {
            foreach (var node in _nodes.FindAll(static node => node.Process is null))
                Start(node);
            if (step % 20 == 0 && _oracle.Acknowledged == acknowledgedBefore)
                _clients.Ask(LeaderOrAny, AnyNode);
            Step();
        }

        if (step == MaxConvergingSteps)
            Assert.Fail("after the faults the cluster does not converge: " + _cluster.Standing());
        var members = _cluster.Members()!;
        foreach (var node in members)
        {
            if (node.Machine.Hash != members[0].Machine.Hash)
                Assert.Fail($"the final states of {node.Id} and {members[0].Id} differ");
            if (_oracle.CheckFinal(node) > 0)
                Coverage.Reached(RareEvent.UnknownOutcomeWasApplied);
        }

        _network.IsCalm = false;
    }

    private void Calm()
    {
        _isHarmed = false;
        _network.HealAll();
        _network.IsCalm = true;
        _diskFaults.End(_nodes);
        foreach (var node in _nodes)
        {
            node.PausedUntilMs = 0;
            if (node.Disk.NeedsRestart)
                node.Crash();
        }
    }
}
