using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using XCron.Raft;
using XCron.Raft.Grpc;

namespace bench.Raft;

/// <summary>So many nodes in this process, joined by gRPC over loopback, each with a log of its own on disk.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly ScratchDirectory _scratch = new();
    private readonly List<RaftDirectory> _directories = [];
    private readonly List<WebApplication> _servers = [];
    private readonly List<RaftNode> _nodes = [];

    private NodeCluster()
    {
    }

    private RaftNode Leader { get; set; } = null!; // set by StartAsync before anybody sees the cluster

    public static async Task<NodeCluster> StartAsync(int count)
    {
        var cluster = new NodeCluster();
        var transports = new List<GrpcRaftTransport>();
        var members = new List<Member>();
        for (var i = 0; i < count; i++)
        {
            var transport = new GrpcRaftTransport(new GrpcTransportOptions());
            var server = await ServeAsync(transport);
            var directory = RaftDirectory.Open(Path.Combine(cluster._scratch.Path, $"{i}"));
            members.Add(new Member(directory.NodeId, new Uri(server.Urls.First()).Authority));
            cluster._directories.Add(directory);
            cluster._servers.Add(server);
            transports.Add(transport);
        }

        var membership = new Membership(Guid.NewGuid(), members);
        for (var i = 0; i < count; i++)
        {
            cluster._directories[i].Form(membership);
            cluster._nodes.Add(await RaftNode.StartAsync(
                cluster._directories[i], new RaftOptions(), new CountingMachine(), transports[i]));
        }

        cluster.Leader = await cluster.FindLeaderAsync();
        return cluster;
    }

    /// <summary>Throws unless the command is applied.</summary>
    public async ValueTask ProposeAsync(ReadOnlyMemory<byte> command)
    {
        var outcome = await Leader.ProposeAsync(command);
        if (outcome is not ProposeOutcome.Applied)
            throw new InvalidOperationException($"a proposal ended as {outcome}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var directory in _directories)
            directory.Dispose();
        _scratch.Dispose();
    }

    private static async Task<WebApplication> ServeAsync(GrpcRaftTransport transport)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = GrpcTransportOptions.MaxMessageBytes);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var server = builder.Build();
        server.MapGrpcService(transport.Service);
        await server.StartAsync();
        return server;
    }

    private async Task<RaftNode> FindLeaderAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        while (true)
        {
            foreach (var node in _nodes)
            {
                if (node.Leadership.Role == RaftRole.Leader && await node.ReadBarrierAsync(limit.Token))
                    return node;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
