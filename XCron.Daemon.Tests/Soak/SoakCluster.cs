using XCron.Daemon.Tests.EndToEnd;

namespace XCron.Daemon.Tests.Soak;

/// <summary>Three servers on loopback, the network between them, a small disk for each where it can be had.</summary>
internal sealed class SoakCluster : IAsyncDisposable
{
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(5);

    private const int Count = 3;

    private readonly SmallDisk?[] _disks = new SmallDisk?[Count];
    private readonly PeerNetwork _network;
    private volatile int _fullDisks;

    public SoakCluster(string server, string folder, int seed)
    {
        var ports = FreePorts.Take(Count * 4);
        var proxies = ports[..Count];
        var command = ServerCommand.For(server, Array.ConvertAll(proxies, port => $"127.0.0.1:{port}"));
        Nodes = new ServerNode[Count];
        for (var i = 0; i < Count; i++)
        {
            var own = new Ports(ports[Count + i], ports[Count * 2 + i], ports[Count * 3 + i]);
            Nodes[i] = new ServerNode(i, own, folder, command);
        }

        Addresses = command.Peers;
        _network = new PeerNetwork(
            Array.ConvertAll(Nodes, node => node.Ports.Peer), proxies,
            () => Array.ConvertAll(Nodes, node => node.ProcessId), seed);
    }

    public ServerNode[] Nodes { get; }

    /// <summary>By which the nodes know each other.</summary>
    public string[] Addresses { get; }

    public PeerNetwork Network => _network;

    public bool HasSmallDisks => _disks[0] is not null;

    public bool IsSomeDiskFull => _fullDisks > 0;

    /// <summary>Mounts the disks where that is allowed.</summary>
    public async Task MountAsync()
    {
        for (var i = 0; i < Count; i++)
        {
            var disk = new SmallDisk(Nodes[i].DataFolder);
            if (!await disk.TryMountAsync())
                return;
            _disks[i] = disk;
        }
    }

    public void FillDisk(int node)
    {
        _disks[node]!.Fill();
        Interlocked.Increment(ref _fullDisks);
    }

    public void FreeDisk(int node)
    {
        _disks[node]!.Free();
        Interlocked.Decrement(ref _fullDisks);
    }

    /// <summary>Every server is ended; nothing else is touched.</summary>
    public async Task EndAsync()
    {
        foreach (var node in Nodes)
            await node.KillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        await _network.DisposeAsync();
        foreach (var disk in _disks)
        {
            if (disk is not null)
                await disk.UnmountAsync();
        }
    }
}
