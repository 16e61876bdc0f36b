using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace bench.Raft;

/// <summary>
/// The same with DotNext.Net.Cluster over its TCP transport, with its newest persistent log. That log answers once a
/// majority has the entry in memory and it is applied; a background task writes and syncs what is committed.
/// </summary>
internal sealed class DotNextCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly ScratchDirectory _scratch = new();
    private readonly List<RaftCluster> _nodes = [];
    private readonly List<WriteAheadLog> _logs = [];

    private DotNextCluster()
    {
    }

    private RaftCluster Leader { get; set; } = null!; // set by StartAsync before anybody sees the cluster

    public static async Task<DotNextCluster> StartAsync(int count)
    {
        var cluster = new DotNextCluster();
        var ports = ServerProcess.FreePorts(count);
        for (var i = 0; i < count; i++)
        {
            var location = Path.Combine(cluster._scratch.Path, $"{i}");
            var machine = new DotNextMachine(new DirectoryInfo(Path.Combine(location, "db")));
            await machine.RestoreAsync(CancellationToken.None);
            var log = new WriteAheadLog(
                new WriteAheadLog.Options { Location = location, ChunkSize = 16 << 20 }, machine);
            var node = new RaftCluster(Configure(ports[i], ports)) { AuditTrail = log };
            cluster._logs.Add(log);
            cluster._nodes.Add(node);
        }

        await Task.WhenAll(cluster._nodes.Select(node => node.StartAsync(CancellationToken.None)));
        cluster.Leader = await cluster.FindLeaderAsync();
        return cluster;
    }

    public ValueTask ProposeAsync(ReadOnlyMemory<byte> command) =>
        Leader.ReplicateAsync(command, token: CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.StopAsync(CancellationToken.None);
            await node.DisposeAsync();
        }

        foreach (var log in _logs)
            await log.DisposeAsync();
        _scratch.Dispose();
    }

    private static RaftCluster.TcpConfiguration Configure(int port, int[] ports)
    {
        var configuration = new RaftCluster.TcpConfiguration(new IPEndPoint(IPAddress.Loopback, port))
        {
            ConfigurationStorage = null,
            ColdStart = false,
            LowerElectionTimeout = 1000,
            UpperElectionTimeout = 2000,
            RequestTimeout = TimeSpan.FromSeconds(1),
            TransmissionBlockSize = 64 << 10,
        };
        var builder = ((InMemoryClusterConfigurationStorage<EndPoint>)configuration.ConfigurationStorage!)
            .CreateInitialConfigurationBuilder();
        foreach (var member in ports)
            builder.Add(new IPEndPoint(IPAddress.Loopback, member));
        builder.Build();
        return configuration;
    }

    private async Task<RaftCluster> FindLeaderAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        while (true)
        {
            var leader = _nodes.Find(node => !node.LeadershipToken.IsCancellationRequested);
            if (leader is not null)
                return leader;

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
