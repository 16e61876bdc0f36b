using System.Buffers.Binary;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>
/// A few nodes of real stations on simulated disks, a network without faults and virtual time, turned by hand.
/// </summary>
internal sealed class StationCluster
{
    private readonly VirtualTime _time = new();
    private readonly Random _random = new(1);
    private readonly SimulatedNode[] _nodes;
    private long _lastCommand;

    public StationCluster(int voters, SimulationPlan? plan = null)
    {
        var watch = new NobodyWatches();
        plan ??= new SimulationPlan { Seed = 1 };
        Network = new SimulatedNetwork(new NetworkPlan { MaxDelayMs = 2 }, _time, _random);
        var initial = new Membership(
            new Guid(1, 2, 3, new byte[8]),
            Enumerable.Range(1, voters).Select(i => new Member(new NodeId((ulong)i), $"node{i}:1")));
        _nodes =
        [
            .. initial.Members.Select(member => new SimulatedNode(
                member.Id, initial, plan, _time, owner => new SimulatedTransport(owner, Network, Find, watch), _random)
            {
                Watch = watch,
            }),
        ];
        foreach (var node in _nodes)
            node.Start();
    }

    public SimulatedNetwork Network { get; }

    public VirtualTime Time => _time;

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    public long NowMs => _time.NowMs;

    /// <summary>The leader of the newest term; null: nobody leads.</summary>
    public SimulatedNode? Leader => _nodes
        .Where(static node => node.Process?.Loop.Core.Role.Kind == RaftRole.Leader)
        .MaxBy(static node => node.Process!.Loop.Core.Term);

    public static RaftStatus StatusOf(SimulatedNode node) => node.Process!.Loop.Status.Current;

    /// <summary>Time passes and every station gets its turns.</summary>
    public void Run(long ms)
    {
        for (var end = _time.NowMs + ms; _time.NowMs < end;)
        {
            _time.Advance(1);
            Network.DeliverDue();
            foreach (var node in _nodes)
                node.Turn();
        }
    }

    /// <returns>Whether it held within the time.</returns>
    public bool RunUntil(Func<bool> holds, long maxMs = 5000)
    {
        for (var end = _time.NowMs + maxMs; !holds() && _time.NowMs < end;)
            Run(1);
        return holds();
    }

    /// <summary>Runs until one leads and has committed an entry of its term.</summary>
    public SimulatedNode Elect()
    {
        var elected = RunUntil(() => Leader is { } leader
            && leader.Process!.Loop.Core.Log is var log && log.Commit == log.LastIndex);
        Assert.That(elected, "one is elected");
        return Leader!;
    }

    /// <returns>Tells the outcome; null while there is none.</returns>
    public Func<ProposeOutcome?> Propose(
        SimulatedNode node, int bytes = 64, ProposalUrgency urgency = ProposalUrgency.Ordinary)
    {
        var payload = new byte[Math.Max(bytes, KeyValueCommand.Bytes)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, ++_lastCommand);
        var proposal = node.Process!.Proposals.Rent();
        proposal.Begin(payload, node.Process.Clock.NowMs, urgency);
        Assert.That(node.Process.Loop.TryPost(proposal));
        var asked = proposal.Outcome;
        ProposeOutcome? told = null;
        return () =>
        {
            if (told is null && asked.IsCompleted)
                told = asked.Result;
            return told;
        };
    }

    private SimulatedNode? Find(NodeId id) => Array.Find(_nodes, node => node.Id == id);
}
