using XCron.Raft;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>A machine: its disk and its clock outlive the processes that run on it one after another.</summary>
internal sealed class SimulatedMachine(NodeId id, SimulationWorld world, Random random)
{
    public NodeId Id => id;

    public string Address => $"node{id.Value}:1";

    public SimulatedTimeouts Timeouts => world.Timeouts;

    public SimulatedDisk Disk { get; } = new();

    public MachineClock Clock { get; } = new(world.Time);

    /// <summary>Null while none runs.</summary>
    public SchedulerProcess? Process { get; private set; }

    /// <summary>Nothing is turned before: the process is stopped by a signal, or starved.</summary>
    public long PausedUntilMs { get; set; }

    /// <summary>How long a write takes at most, beyond the usual.</summary>
    public int SlowDiskMs { get; set; }

    public int DiskLatencyMs => random.Next(3) + (SlowDiskMs == 0 ? 0 : random.Next(SlowDiskMs));

    public bool IsRunning => Process is not null && PausedUntilMs <= world.Time.NowMs;

    public long NextDueMs => Process is null ? long.MaxValue : Math.Max(PausedUntilMs, Process.NextDueMs);

    /// <summary>False where the disk is too full to start from.</summary>
    public bool TryStart()
    {
        try
        {
            Process = new SchedulerProcess(this, world, random);
            return true;
        }
        catch (IOException) when (Disk.BytesUntilFull is not null)
        {
            Disk.Kill();
            return false;
        }
    }

    /// <summary>kill -9; with the power goes what was not synced.</summary>
    public void Crash(bool losesPower)
    {
        Process?.Dispose();
        Process = null;
        PausedUntilMs = 0;
        if (losesPower)
            Disk.Crash(random);
        else
            Disk.Kill();
    }

    public bool Turn(long nowMs)
    {
        if (!IsRunning)
            return false;

        var did = Process!.Turn(nowMs);
        if (Process.HasStopped)
            Crash(losesPower: false);
        return did;
    }
}
