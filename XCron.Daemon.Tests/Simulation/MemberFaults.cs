using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// An operator who adds and removes machines and moves leadership through the API, and disks that decay, of a minority
/// at most. Each says whether it did anything.
/// </summary>
internal sealed class MemberFaults(SimulationPlan plan, SimulationWorld world)
{
    private readonly SimulatedClient _client = new(world);
    private readonly HashSet<SimulatedMachine> _leaving = [];

    private Random Random => world.Random;

    private int MostMachines => plan.Nodes + 2;

    /// <summary>A new machine asks to be taken in; an operator may ask for it too.</summary>
    public bool Join()
    {
        var knows = world.Machines.Where(static machine => machine.IsRunning).ToArray();
        if (world.Machines.Count >= MostMachines || knows.Length == 0)
            return false;

        // What one of them told it may be old by now.
        var machine = world.Build(knows[Random.Next(knows.Length)].Process!.Raft.Membership);
        machine.TryStart();
        if (Random.Next(2) == 0)
            Ask("addPeer", machine, static _ => { });
        return true;
    }

    /// <summary>
    /// A machine is removed, and switched off some time after that is answered: until then it must know that it is none
    /// any more. Not while data is lost elsewhere, which the rest could then not make up for.
    /// </summary>
    public bool Leave(SimulatedMachine machine)
    {
        var settled = Settled();
        if (settled is null || _leaving.Count > 0 || world.Budget.Hurt.Count > 0 || settled.Find(machine.Id) is null
            || settled.Voters.Length <= Math.Min(plan.Nodes, 2))
            return false;

        _leaving.Add(machine);
        Remove(machine);
        return true;
    }

    public bool TransferTo(SimulatedMachine machine)
    {
        Ask("transferLeader", machine, static _ => { });
        return true;
    }

    /// <summary>A machine dies, and comes back to a disk that is not as it was written.</summary>
    public bool Rot(SimulatedMachine machine)
    {
        if (machine.Process is null || _leaving.Count > 0 || !world.Budget.Allows(machine.Id, Settled()))
            return false;

        world.Budget.Spend(machine.Id);
        machine.CrashAndRot();
        return true;
    }

    /// <summary>What was begun and has not come to its end; null for nothing.</summary>
    public string? Unsettled()
    {
        if (_leaving.Count > 0)
            return $"{_leaving.First().Address} could not be removed.";
        foreach (var machine in world.Machines)
        {
            if (machine.WardWaitsFor is { } why)
                return $"{machine.Address} is still in quarantine: {why}";
            if (machine.Process is null)
                return $"{machine.Address} is not up.";
        }

        return null;
    }

    private void Remove(SimulatedMachine machine)
    {
        var operation = Ask("removePeer", machine, ended =>
        {
            var isGone = ended.IsAcknowledged || ended.Text.Contains("is no member", StringComparison.Ordinal);
            world.Agenda.After(Random.NextInt64(10_000) + 1, () => EndRemoval(machine, isGone));
        });
        var patienceMs = 3 * (long)world.Timeouts.Request.TotalMilliseconds;
        world.Agenda.After(patienceMs, () =>
        {
            if (operation?.Code is null)
                EndRemoval(machine, isGone: false);
        });
    }

    private void EndRemoval(SimulatedMachine machine, bool isGone)
    {
        if (!_leaving.Contains(machine))
            return;

        if (!isGone)
        {
            Remove(machine);
            return;
        }

        _leaving.Remove(machine);
        world.Remove(machine);
    }

    private ClientOperation? Ask(string call, SimulatedMachine about, Action<ClientOperation> ended) =>
        _client.Ask(call, 0, $"{{\"host\":\"{about.Address}\"}}", ended);

    /// <summary>The members, where a leader knows that they are committed; null while it is not that simple.</summary>
    private Membership? Settled()
    {
        var leader = world.Machines.Select(static machine => machine.Process?.Raft)
            .Where(static raft => raft is { IsLeader: true }).MaxBy(static raft => raft!.Term);
        if (leader?.CommittedMembership is not { Outgoing.IsEmpty: true } settled)
            return null;

        world.Budget.Settled(settled);
        return settled;
    }
}
