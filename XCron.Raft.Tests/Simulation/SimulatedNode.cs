using Microsoft.Extensions.Logging.Abstractions;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A machine of the simulated cluster: its disk outlives its process. The process is the real node, assembled without
/// threads; the simulation turns its stations.
/// </summary>
internal sealed class SimulatedNode(
    NodeId id, Membership initial, VirtualTime time, Func<SimulatedTransport> newTransport, Random random)
{
    private readonly Queue<Func<Task>> _background = new();
    private SimulatedTransport? _transport;

    public NodeId Id => id;

    public SimulatedDisk Disk { get; } = new();

    /// <summary>Null while the process is down.</summary>
    public NodeAssembly? Process { get; private set; }

    public ChainMachine Machine { get; private set; } = new();

    /// <summary>Turns nothing while set: a process that is stopped by a signal, or starved.</summary>
    public long PausedUntilMs { get; set; }

    /// <summary>How many processes it has had.</summary>
    public int Lives { get; private set; }

    public Action<SimulatedNode, LogIndex, ulong> Applied { get; set; } = static (_, _, _) => { };

    /// <summary>How often the writer gets its turn, 0 to 1: a slow disk lets others be durable first.</summary>
    public double DiskSpeed { get; set; } = 1;

    public bool IsRunning => Process is not null && PausedUntilMs <= time.NowMs;

    public void Start()
    {
        Lives++;
        _transport = newTransport();
        Machine = new ChainMachine { Applied = (index, hash) => Applied(this, index, hash) };
        var options = new RaftOptions
        {
            ElectionTimeout = TimeSpan.FromMilliseconds(200),
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
            RequestTimeout = TimeSpan.FromSeconds(2),
            SegmentBytes = 4096,
            SnapshotLogBytes = 2000,
            CachedLogBytes = 400,
            TimeProvider = time,
            Seed = random.Next(),
        };
        var building = NodeAssembly.BuildAsync(
            Disk, initial, id, options, Machine, _transport, _background.Enqueue, NullLogger.Instance, default);
        if (!building.IsCompleted)
            throw new InvalidOperationException("A simulated start has nothing to wait for.");

        Process = building.Result;
    }

    /// <summary>The process is gone and, with the power, what was not synced.</summary>
    public void Crash()
    {
        Process = null;
        _transport?.Die();
        _background.Clear();
        Disk.Crash(random);
    }

    /// <summary>Turns each station at most once, in a random order and not always.</summary>
    public void Turn()
    {
        if (!IsRunning || Process is not { } process)
            return;

        var first = random.Next(5);
        for (var i = 0; i < 5; i++)
        {
            if (random.Next(4) != 0)
                TurnStation((first + i) % 5, process);
        }
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
                process.Parts.Reader.RunOnce();
                break;
            default:
                if (_background.TryDequeue(out var work))
                    Assert.That(work().IsCompletedSuccessfully, "background work of a simulated node is synchronous");
                break;
        }
    }
}
