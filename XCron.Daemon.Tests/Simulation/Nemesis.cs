using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Lets everything go wrong, in storms with quiet between them. Which kinds of faults there are, and how dense, is
/// drawn once (a swarm: a run that has few kinds meets them deeper than one that has all).
/// </summary>
internal sealed class Nemesis
{
    /// <summary>None of these costs a session its shards before its results are recorded.</summary>
    private static readonly FaultKind[] GentleKinds =
    [
        FaultKind.Delay, FaultKind.Clock, FaultKind.Drift, FaultKind.Transfer, FaultKind.Stop, FaultKind.Refusal,
    ];

    /// <summary>Their waiting is not stretched, so they would take a long run for themselves.</summary>
    private static readonly FaultKind[] ShortKinds = [FaultKind.Join, FaultKind.Leave, FaultKind.Rot];

    private readonly SimulationPlan _plan;
    private readonly SimulationWorld _world;
    private readonly MemberFaults _members;
    private readonly FaultKind[] _kinds;
    private readonly long _unitMs;
    private long _stormEndMs;
    private bool _hasEnded;

    public Nemesis(SimulationPlan plan, SimulationWorld world)
    {
        (_plan, _world) = (plan, world);
        _members = new MemberFaults(plan, world);
        _unitMs = 1000L * plan.Stretch;
        var all = Random.Next(6) == 0 ? GentleKinds : Enum.GetValues<FaultKind>();
        _kinds = [.. all.Where(kind => Random.Next(2) == 0 && !(plan.IsLong && ShortKinds.Contains(kind)))];
        if (_kinds.Length == 0)
            _kinds = [all[Random.Next(all.Length)]];
        world.History.MayLoseOwners = Array.Exists(_kinds, static kind => !GentleKinds.Contains(kind));
    }

    public Dictionary<FaultKind, int> Counts { get; } = [];

    private Random Random => _world.Random;

    public void Begin() => _world.Agenda.After(Random.NextInt64(10 * _unitMs, 30 * _unitMs), BeginStorm);

    /// <summary>Nothing is wrong any more, and everybody is up.</summary>
    public void HealAll()
    {
        _world.Network.MendAll();
        _world.Network.Loss = 0;
        _world.Network.MaxDelayMs = _plan.UsualDelayMs;
        foreach (var machine in _world.Machines)
        {
            machine.PausedUntilMs = 0;
            machine.SlowDiskMs = 0;
            machine.Disk.BytesUntilFull = null;
            machine.Clock.Drift(0);
            SetClock(machine, 0);
            Start(machine);
        }
    }

    /// <summary>The storm is over, whatever its length was to be, and nothing begins any more.</summary>
    public void End()
    {
        _stormEndMs = 0;
        _hasEnded = true;
        HealAll();
    }

    /// <summary>Whoever was to come or go has, and whoever was damaged is whole; else who is not. Null: all.</summary>
    public string? Unsettled() => _members.Unsettled();

    private void BeginStorm()
    {
        if (_hasEnded)
            return;

        var lengthMs = Random.NextInt64(2 * _unitMs, 40 * _unitMs);
        _stormEndMs = _world.Time.NowMs + lengthMs;
        Note("storm", default, lengthMs);
        var everyMs = Random.NextInt64(_unitMs / 2, 10 * _unitMs);
        Harm(everyMs);
        _world.Agenda.After(lengthMs, HealAll);
        var quietMs = _plan.IsLong
            ? Random.NextInt64(_plan.LengthMs / 20, _plan.LengthMs / 3)
            : Random.NextInt64(25 * _unitMs, 80 * _unitMs);
        _world.Agenda.After(lengthMs + quietMs, BeginStorm);
    }

    private void Harm(long everyMs)
    {
        if (_world.Time.NowMs >= _stormEndMs)
            return;

        var kind = _kinds[Random.Next(_kinds.Length)];
        var victim = Random.Next(2) == 0 && Leader() is { } leader ? leader : Any();
        Note(kind.ToString(), victim.Id, 0);
        if (Do(kind, victim))
            Counts[kind] = Counts.GetValueOrDefault(kind) + 1;
        _world.Agenda.After(Random.NextInt64(1, 2 * everyMs), () => Harm(everyMs));
    }

    /// <summary>Whether it could be done.</summary>
    private bool Do(FaultKind kind, SimulatedMachine victim)
    {
        switch (kind)
        {
            case FaultKind.Kill:
                Kill(victim, losesPower: false);
                break;
            case FaultKind.PowerLoss:
                Kill(victim, losesPower: true);
                break;
            case FaultKind.PowerLossOfAll:
                foreach (var machine in _world.Machines)
                    Kill(machine, losesPower: true);
                break;
            case FaultKind.Pause:
                victim.PausedUntilMs = _world.Time.NowMs + Random.NextInt64(12 * _unitMs);
                break;
            case FaultKind.CutOne:
                foreach (var other in _world.Machines)
                    Cut(other, victim, Random.Next(5) > 0, Random.Next(5) > 0);
                break;
            case FaultKind.CutAll:
                foreach (var one in _world.Machines)
                {
                    foreach (var other in _world.Machines)
                        Cut(one, other, inward: true, outward: true);
                }

                break;
            case FaultKind.Mend:
                _world.Network.MendAll();
                break;
            case FaultKind.Loss:
                _world.Network.Loss = Random.Next(2) == 0 ? 0 : Random.NextDouble() * 0.3;
                break;
            case FaultKind.Delay:
                _world.Network.MaxDelayMs = Random.Next(3) == 0 ? 500 : Random.Next(1, 100);
                break;
            case FaultKind.SlowDisk:
                victim.SlowDiskMs = Random.Next(3) == 0 ? 0 : Random.Next(3000);
                break;
            case FaultKind.FullDisk:
                victim.Disk.BytesUntilFull = victim.Disk.BytesUntilFull is null ? Random.Next(3000) : null;
                break;
            case FaultKind.Clock:
                _world.History.HadClockFaults = true;
                SetClock(victim, ClockError());
                break;
            case FaultKind.Drift:
                victim.Clock.Drift((Random.NextDouble() - 0.5) * 0.02);
                break;
            case FaultKind.Transfer when Random.Next(2) == 0:
                return _members.TransferTo(victim);
            case FaultKind.Transfer:
                if (Leader()?.Process is { } process)
                    process.Context.Do(() => _ = process.Raft.TransferLeadershipAsync(NodeId.None, default));
                break;
            case FaultKind.Stop:
                if (victim.IsRunning)
                    StopOne(victim);
                break;
            case FaultKind.Refusal:
                _world.Target.Refuse($"ok{Random.Next(2)}.test", Random.NextInt64(20 * _unitMs));
                break;
            case FaultKind.Join:
                return _members.Join();
            case FaultKind.Leave:
                return _members.Leave(victim);
            case FaultKind.Rot when _members.Rot(victim):
                _world.Agenda.After(Random.NextInt64(8 * _unitMs), () => Start(victim));
                break;
            case FaultKind.Rot:
                return false;
            default:
                throw new NotSupportedException($"No fault {kind}.");
        }

        return true;
    }

    private long ClockError() => Random.Next(8) switch
    {
        0 => 3_600_000,
        1 => -3_600_000,
        < 4 => Random.NextInt64(-20 * _unitMs, 20 * _unitMs),
        < 7 => Random.NextInt64(-2000, 2000),
        _ => 0,
    };

    private void SetClock(SimulatedMachine machine, long aheadMs)
    {
        // What a clock that is ahead has come past is not due once more when it is right again.
        if (aheadMs > 0)
            Note("clock", machine.Id, aheadMs);
        machine.Clock.Set(aheadMs);
        machine.Process?.ClockSet(_world.Time.NowMs);
    }

    private void Note(string kind, NodeId node, long lengthMs)
    {
        var nowMs = _world.History.NowMs;
        _world.History.Troubles.Add(new Trouble(kind, node, nowMs, nowMs + lengthMs));
    }

    private void StopOne(SimulatedMachine machine)
    {
        // Nobody is left to whom it could hand over, nor a majority that records its results.
        var away = _world.Machines.Count(other => other != machine && other.Process is not { IsStopping: false });
        if (away > 0 && (away + 1) * 2 >= _world.Machines.Count)
            _world.History.MayLoseOwners = true;
        machine.Process!.Stop();
        _world.Agenda.After(Random.NextInt64(10 * _unitMs, 20 * _unitMs), () => Start(machine));
    }

    private void Kill(SimulatedMachine machine, bool losesPower)
    {
        if (machine.Process is null)
            return;
        machine.Crash(losesPower);
        _world.Agenda.After(Random.NextInt64(8 * _unitMs), () => Start(machine));
    }

    private void Start(SimulatedMachine machine)
    {
        // One that stops yet ends later than it was to be started again; one on a full disk does not start.
        if (machine.Process is { IsStopping: true } || (machine.Process is null && !machine.TryStart()))
            _world.Agenda.After(_unitMs, () => Start(machine));
    }

    private void Cut(SimulatedMachine other, SimulatedMachine victim, bool inward, bool outward)
    {
        if (other == victim)
            return;
        if (inward)
            _world.Network.Cut(other.Id, victim.Id);
        if (outward)
            _world.Network.Cut(victim.Id, other.Id);
    }

    private SimulatedMachine Any() => _world.Machines[Random.Next(_world.Machines.Count)];

    private SimulatedMachine? Leader() =>
        _world.Machines.FirstOrDefault(static machine => machine.Process?.Raft.IsLeader == true);
}

internal enum FaultKind
{
    Kill,
    PowerLoss,
    PowerLossOfAll,
    Pause,
    CutOne,
    CutAll,
    Mend,
    Loss,
    Delay,
    SlowDisk,
    FullDisk,
    Clock,
    Drift,
    Transfer,
    Stop,
    Refusal,
    Join,
    Leave,
    Rot,
}
