using XCron.Daemon.Firing;
using XCron.Raft;
using XCron.Raft.Runtime;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>What all processes of one simulation have in common.</summary>
internal sealed class SimulationWorld
{
    private readonly Dictionary<NodeId, SimulatedMachine> _machines = [];
    private readonly List<SimulatedMachine> _standing = [];
    private ulong _lastId;

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
        _lastId = (ulong)plan.Nodes;
        var ids = Enumerable.Range(1, plan.Nodes).Select(static number => new NodeId((ulong)number)).ToArray();
        Initial = new Membership(
            new Guid(plan.Seed, 1, 1, new byte[8]), ids.Select(static id => new Member(id, $"node{id.Value}:1")));
        foreach (var member in Initial.Members)
            Enter(new SimulatedMachine(member.Id, member.Address, null, new MachineClock(Time), this, random));
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

    public IReadOnlyList<SimulatedMachine> Machines => _standing;

    /// <summary>Whose disks were damaged: never so many that what was acknowledged could be lost.</summary>
    public FaultBudget Budget { get; } = new();

    /// <summary>What members and damaged disks came to, by name.</summary>
    public Dictionary<string, int> Outcomes { get; } = [];

    public void Count(string outcome) => Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;

    public NodeAssembly? NodeOf(NodeId id) => _machines.GetValueOrDefault(id)?.Process?.Node;

    /// <summary>Who stands at an address now.</summary>
    public SimulatedMachine? MachineAt(string address) => _standing.Find(machine => machine.Address == address);

    /// <summary>Another machine, which has been told of these members and is none of them.</summary>
    public SimulatedMachine Build(Membership told)
    {
        var id = new NodeId(++_lastId);
        var machine = new SimulatedMachine(id, $"node{id.Value}:1", told, new MachineClock(Time), this, Random);
        Enter(machine);
        return machine;
    }

    /// <summary>The machine's data is set aside, and it is a new node at its old address, which asks to be taken in.
    /// </summary>
    public void Renew(SimulatedMachine machine, Membership told)
    {
        Count("renewed");
        machine.Retire();
        var renewed = new SimulatedMachine(
            new NodeId(++_lastId), machine.Address, told, machine.Clock, this, Random);
        _machines.Remove(machine.Id);
        _machines.Add(renewed.Id, renewed);
        _standing[_standing.IndexOf(machine)] = renewed;
        renewed.TryStart();
    }

    /// <summary>It is taken away.</summary>
    public void Remove(SimulatedMachine machine)
    {
        Count("removed");
        machine.Retire();
        _machines.Remove(machine.Id);
        _standing.Remove(machine);
    }

    private void Enter(SimulatedMachine machine)
    {
        _machines.Add(machine.Id, machine);
        _standing.Add(machine);
    }
}
