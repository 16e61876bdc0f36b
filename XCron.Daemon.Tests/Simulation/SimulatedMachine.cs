using XCron.Raft;
using XCron.Raft.Core;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// A machine under one identity: its disk and its clock outlive the processes that run on it one after another. Where
/// its data is set aside it is another one, at the same address.
/// </summary>
/// <param name="id">Its node's.</param>
/// <param name="address">Where the others reach it.</param>
/// <param name="told">The members it was told when it joined; null for one of the first.</param>
/// <param name="clock">Of the hardware.</param>
/// <param name="world">Where it stands.</param>
/// <param name="random">The seed's.</param>
internal sealed class SimulatedMachine(
    NodeId id, string address, Membership? told, MachineClock clock, SimulationWorld world, Random random)
{
    private NodePromises? _promises;
    private (Term Term, NodeId Vote) _owedVote;
    private QuarantinedProcess? _ward;

    public NodeId Id => id;

    public string Address => address;

    public Membership? Told => told;

    /// <summary>What its data directory notes: a committed configuration had this machine in it.</summary>
    public bool WasTakenIn { get; set; }

    public SimulatedTimeouts Timeouts => world.Timeouts;

    public SimulatedDisk Disk { get; } = new();

    public MachineClock Clock => clock;

    /// <summary>Null while none runs.</summary>
    public SchedulerProcess? Process { get; private set; }

    /// <summary>Nothing is turned before: the process is stopped by a signal, or starved.</summary>
    public long PausedUntilMs { get; set; }

    /// <summary>How long a write takes at most, beyond the usual.</summary>
    public int SlowDiskMs { get; set; }

    /// <summary>Nothing starts here any more: it was removed from the cluster, or is another one now.</summary>
    public bool IsRetired { get; private set; }

    public int DiskLatencyMs => random.Next(3) + (SlowDiskMs == 0 ? 0 : random.Next(SlowDiskMs));

    public bool IsRunning => Process is not null && PausedUntilMs <= world.Time.NowMs;

    /// <summary>What it waits for where its data is damaged; null where it is not in quarantine.</summary>
    public string? WardWaitsFor => _ward?.WaitsFor;

    public long NextDueMs => Process is { } process
        ? Math.Max(PausedUntilMs, process.NextDueMs)
        : _ward is null ? long.MaxValue : Math.Max(PausedUntilMs, _ward.NextDueMs);

    /// <summary>False where the disk is too full to start from.</summary>
    public bool TryStart()
    {
        if (IsRetired || _ward is not null)
            return true;

        try
        {
            Process = new SchedulerProcess(this, world, random);
        }
        catch (LogDamagedException) when (_promises is not null)
        {
            world.Count("found damaged");
            Quarantine();
            return true;
        }
        catch (IOException) when (Disk.BytesUntilFull is not null)
        {
            Disk.Kill();
            return false;
        }

        if (_promises is not null)
            LookAfterDamage(Process.Node.Loop.Core);
        return true;
    }

    /// <summary>
    /// kill -9, of which the kernel tells the peers by ending the connections; with the power goes what was not synced,
    /// and nobody is told.
    /// </summary>
    public void Crash(bool losesPower)
    {
        var wasRunning = Process is not null;
        Process?.Dispose();
        Process = null;
        PausedUntilMs = 0;
        if (losesPower)
        {
            Disk.Crash(random);
            return;
        }

        Disk.Kill();
        foreach (var other in world.Machines.Where(other => wasRunning && other != this))
            world.Wires.Carry(id, other.Id, process => process.Gateway.Broke(id));
    }

    /// <summary>The process dies, and somewhere on its disk a bit is another than was written.</summary>
    public void CrashAndRot()
    {
        var core = Process!.Node.Loop.Core;
        _promises = new NodePromises();
        _promises.Follow(core);
        _owedVote = (core.Term, core.Vote);
        Crash(losesPower: false);
        var names = Disk.List().Order(StringComparer.Ordinal).ToArray();
        var name = names[random.Next(names.Length)];
        var content = Disk.ReadAll(name);
        var written = Array.FindLastIndex(content, static value => value != 0);
        if (written >= 0)
            Disk.FlipBit(name, random.Next(written + 1), random.Next(8));
    }

    public void Retire()
    {
        if (Process is not null)
            Crash(losesPower: false);
        _ward = null;
        IsRetired = true;
    }

    public bool Turn(long nowMs)
    {
        if (_ward is { } ward && PausedUntilMs <= nowMs)
        {
            var asked = ward.Turn();
            if (ward.Vouched is { } members)
                world.Renew(this, members);
            return asked;
        }

        if (!IsRunning)
            return false;

        var did = Process!.Turn(nowMs);
        if (Process.HasStopped)
            Crash(losesPower: false);
        return did;
    }

    /// <summary>
    /// It has started from a disk of which a bit is wrong. Where that was in the last batch it looks like a write that
    /// was cut short, which no program can tell; an operator who knows sets such data aside.
    /// </summary>
    private void LookAfterDamage(RaftCore core)
    {
        var hasForgotten = _promises!.BrokenBy(core) is not null || core.Term < _owedVote.Term
            || (core.Term == _owedVote.Term && core.Vote != _owedVote.Vote);
        _promises = null;
        if (!hasForgotten)
        {
            world.Count("unharmed");
            world.Budget.Recovered(id);
            return;
        }

        world.Count("cut short unnoticed");
        Crash(losesPower: false);
        Quarantine();
    }

    private void Quarantine()
    {
        Disk.Kill();
        _ward = new QuarantinedProcess(this, world, random);
    }
}
