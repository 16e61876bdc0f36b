using Microsoft.Extensions.Logging.Abstractions;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A machine of the simulated cluster: its disk outlives its process. The process is the real node, assembled without
/// threads; the simulation turns its stations.
/// </summary>
internal sealed class SimulatedNode(
    NodeId id,
    Membership initial,
    SimulationPlan plan,
    VirtualTime time,
    Func<SimulatedNode, SimulatedTransport> newTransport,
    Random random)
{
    private readonly Queue<Func<Task>> _background = new();
    private SimulatedTransport? _transport;

    public NodeId Id => id;

    public SimulatedDisk Disk { get; } = new() { TearsAnywhere = plan.Disk.TearsAnywhere };

    public SimulatedClock Clock { get; } = new(time);

    /// <summary>What a restart must not have forgotten.</summary>
    public NodePromises Promises { get; } = new();

    /// <summary>Null while the process is down.</summary>
    public NodeAssembly? Process { get; private set; }

    public KeyValueMachine Machine { get; private set; } = new();

    /// <summary>Turns nothing while set: a process that is stopped by a signal, or starved.</summary>
    public long PausedUntilMs { get; set; }

    /// <summary>How many processes it has had.</summary>
    public int Lives { get; private set; }

    /// <summary>Told of every command applied, and of every failure that ends a process.</summary>
    public required INodeWatch Watch { get; init; }

    /// <summary>How often the writer gets its turn, 0 to 1: a slow disk lets others be durable first; 0: it stalls.
    /// </summary>
    public double DiskSpeed { get; set; } = 1;

    /// <summary>Something on the disk was damaged since it was last read whole.</summary>
    public bool IsDiskSuspect { get; set; }

    /// <summary>What this machine last knew of its cluster; also while it is down.</summary>
    public (Term Term, LogIndex MembershipIndex) LastKnown { get; private set; }

    public bool IsRunning => Process is not null && PausedUntilMs <= time.NowMs;

    /// <summary>Whether this process, and no later one, is still there.</summary>
    public bool IsInLife(int life) => Lives == life && Process is not null;

    /// <summary>Starts a process.</summary>
    /// <returns>Why it is not there: it refuses its disk, or died at once; null where it runs.</returns>
    public Exception? Start()
    {
        Lives++;
        _transport = newTransport(this);
        Machine = new KeyValueMachine { Applied = (index, hash) => Watch.Applied(this, index, hash) };
        try
        {
            var building = NodeAssembly.BuildAsync(
                Disk, initial, id, Options(), Machine, _transport, _background.Enqueue, NullLogger.Instance, default);
            if (!building.IsCompleted)
                throw new InvalidOperationException("A simulated start has nothing to wait for.");

            Process = building.Result;
            return null;
        }
        catch (SimulatedDiskCrash death)
        {
            Crash();
            return death;
        }
        catch (IOException refusal)
        {
            Kill();
            return refusal;
        }
    }

    /// <summary>The process is gone and, with the power, what was not synced.</summary>
    public void Crash()
    {
        End();
        Disk.Crash(random);
    }

    /// <summary>The process is gone, and the machine goes on, if it can.</summary>
    public void Kill()
    {
        End();
        if (Disk.NeedsRestart)
            Disk.Crash(random);
        else
            Disk.Kill();
    }

    /// <summary>Turns each station at most once, in a random order and not always.</summary>
    public void Turn()
    {
        var first = random.Next(5);
        for (var i = 0; i < 5 && IsRunning; i++)
        {
            if (random.Next(4) != 0)
                Guard(() => TurnStation((first + i) % 5, Process!));
        }
    }

    /// <summary>
    /// Does something of the process's. An error of the disk that nothing handles ends the process, as it ends a real
    /// node; a crash in the middle of the disk's work is one.
    /// </summary>
    public void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (SimulatedDiskCrash)
        {
            Watch.Died(this, null);
            Crash();
        }
        catch (IOException failure)
        {
            Watch.Died(this, failure);
            Kill();
        }
    }

    /// <summary>To be called after every step.</summary>
    public void Remember()
    {
        if (Process?.Loop.Core is not { } core)
            return;

        LastKnown = (core.Term, core.Log.MembershipIndex);
        Promises.Follow(core);
    }

    private RaftOptions Options() => new()
    {
        ElectionTimeout = TimeSpan.FromMilliseconds(plan.ElectionMs),
        HeartbeatInterval = TimeSpan.FromMilliseconds(plan.ElectionMs / 10),
        LeaseReads = plan.LeaseReads,
        MaxClockDrift = TimeSpan.FromMilliseconds(Math.Max(1, plan.ElectionMs * 15 / 100)),
        RequestTimeout = TimeSpan.FromSeconds(2),
        SegmentBytes = plan.SegmentBytes,
        SnapshotLogBytes = plan.SnapshotLogBytes,
        CachedLogBytes = plan.CachedLogBytes,
        MaxUncommittedBytes = plan.MaxUncommittedBytes,
        TimeProvider = Clock,
        Seed = random.Next(),
    };

    private void End()
    {
        Remember();
        Process = null;
        _transport?.Die();
        _background.Clear();
    }

    private void TurnStation(int station, NodeAssembly process)
    {
        switch (station)
        {
            case 0:
                process.Loop.RunOnce();
                break;
            case 1 when random.NextDouble() < DiskSpeed:
                process.Parts.Writer.RunOnce();
                break;
            case 1:
                break;
            case 2:
                process.Parts.Applier.RunOnce();
                break;
            case 3:
                if (process.Parts.Reader.Waiting > 0)
                    Watch.ReadsFromDisk(this);
                process.Parts.Reader.RunOnce();
                break;
            default:
                if (_background.TryDequeue(out var work))
                    Finish(work());
                break;
        }
    }

    private static void Finish(Task work)
    {
        Assert.That(work.IsCompleted, "background work of a simulated node is synchronous");
        if (work.IsFaulted)
            throw work.Exception.InnerException!;
    }
}

/// <summary>Who is told of what happens in a simulated process.</summary>
internal interface INodeWatch
{
    void Applied(SimulatedNode node, LogIndex index, ulong hash);

    /// <summary>Entries that memory no longer holds are read for a peer.</summary>
    void ReadsFromDisk(SimulatedNode node);

    /// <summary>The process ended by an error of its disk; null: in the middle of the disk's work.</summary>
    void Died(SimulatedNode node, IOException? failure);
}
