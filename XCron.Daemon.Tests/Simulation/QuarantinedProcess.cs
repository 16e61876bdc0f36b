using XCron.Daemon.Peers;
using XCron.Daemon.Tests.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The life of a process whose disk is damaged, as DamagedNode has it: it runs no node, and asks until it is vouched
/// for.
/// </summary>
internal sealed class QuarantinedProcess
{
    private readonly ProcessContext _context = new();
    private readonly ProcessClock _clock;
    private readonly Quarantine _quarantine;
    private Task<Membership>? _asking;

    public QuarantinedProcess(SimulatedMachine machine, SimulationWorld world, Random random)
    {
        _clock = new ProcessClock(machine.Clock);
        var options = SchedulerProcess.PeerOptionsOf(machine);
        string[] hosts = [.. world.Machines.Select(static other => other.Address)];
        _quarantine = new Quarantine(
            machine.Id, world.Initial.ClusterId, 0, hosts, new SimulatedDialer(machine.Id, world), options, _clock,
            new Random(random.Next()), Traces.None);
        _context.Do(() => _asking = _quarantine.RunAsync(CancellationToken.None));
    }

    /// <summary>The members, once the others have said that its data is not needed.</summary>
    public Membership? Vouched =>
        _asking is { IsCompleted: true } asked ? new ValueTask<Membership>(asked).Result : null;

    public string WaitsFor => _quarantine.WaitsFor;

    public long NextDueMs => _context.HasWork ? 0 : _clock.NextDueMs;

    public bool Turn()
    {
        var did = false;
        _context.Do(() =>
        {
            did |= _clock.FireDue();
            did |= _context.Drain();
        });
        return did;
    }
}
