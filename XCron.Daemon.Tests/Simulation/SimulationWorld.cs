using XCron.Daemon.Firing;
using XCron.Raft;
using XCron.Raft.Runtime;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>What all processes of one simulation have in common.</summary>
internal sealed class SimulationWorld
{
    private readonly Dictionary<NodeId, SimulatedMachine> _machines = [];

    public SimulationWorld(SimulationPlan plan, Random random)
    {
        Timeouts = new SimulatedTimeouts(plan.Stretch);
        Time.Advance(plan.StartMs);
        Random = random;
        Agenda = new Agenda(Time);
        Network = new DaemonNetwork(Time, random) { MaxDelayMs = plan.UsualDelayMs };
        Wires = new SimulatedWires(Network, id => _machines.GetValueOrDefault(id)?.Process);
        History = new History(Time);
        Witness = new LogWitness(History);
        Target = new SimulatedTarget(this);
        SnapshotLogBytes = plan.SnapshotLogBytes;
        FiringOptions = new FiringOptions
        {
            OwnerTimeout = Timeouts.Owner,
            MisfireThreshold = Timeouts.MisfireThreshold,
            CompletedRetention = TimeSpan.FromHours(24),
        };
        var ids = Enumerable.Range(1, plan.Nodes).Select(static number => new NodeId((ulong)number)).ToArray();
        Initial = new Membership(
            new Guid(plan.Seed, 1, 1, new byte[8]), ids.Select(static id => new Member(id, $"node{id.Value}:1")));
        Machines = [.. ids.Select(id => new SimulatedMachine(id, this, random))];
        foreach (var machine in Machines)
            _machines.Add(machine.Id, machine);
    }

    public VirtualTime Time { get; } = new();

    public Random Random { get; }

    public SimulatedTimeouts Timeouts { get; }

    public Agenda Agenda { get; }

    public DaemonNetwork Network { get; }

    public SimulatedWires Wires { get; }

    public History History { get; }

    public LogWitness Witness { get; }

    public SimulatedTarget Target { get; }

    public FiringOptions FiringOptions { get; }

    public long SnapshotLogBytes { get; }

    public Membership Initial { get; }

    public IReadOnlyList<SimulatedMachine> Machines { get; }

    public NodeAssembly? NodeOf(NodeId id) => _machines.GetValueOrDefault(id)?.Process?.Node;

    public SimulatedMachine MachineOf(NodeId id) => _machines[id];
}
