using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using XCron.Raft.Core;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;

namespace XCron.Raft.Grpc;

/// <summary>
/// Carries a node's messages over gRPC streams. The host maps <see cref="Service"/> on the address that the membership
/// names for this node, over HTTP/2, and gives the transport to its node.
/// </summary>
public sealed class GrpcRaftTransport : IRaftTransport
{
    private readonly GrpcTransportOptions _options;
    private readonly ILogger _logger;
    private readonly InboundStreams _inbound = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly BackgroundTasks _fetches = new();
    private readonly ConcurrentDictionary<(NodeId Peer, Lane Lane), PeerLane> _lanes = new();

    // Null before the node starts and after it stops. Written by the node, read by the service.
    private volatile IRaftTransportHost? _host;

    /// <param name="options">How peers are reached.</param>
    /// <param name="logger">Where connections gained, lost and refused are told; null: nowhere.</param>
    public GrpcRaftTransport(GrpcTransportOptions options, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _logger = logger ?? NullLogger.Instance;
        var service = new RaftPeerService(() => _host, _inbound, options.SharedSecret, _logger, _stopping.Token);
        Service = RaftPeer.BindService(service);
    }

    /// <summary>What peers call; for <c>MapGrpcService</c>. Answers "unavailable" until the node has started.</summary>
    public ServerServiceDefinition Service { get; }

    void IRaftTransport.Start(IRaftTransportHost host) => _host = host;

    void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
    {
        var host = _host ?? throw new InvalidOperationException("The transport has not started.");
        foreach (var peer in peers)
        {
            foreach (var lane in Enum.GetValues<Lane>())
                _lanes.GetOrAdd((peer.Id, lane), key => new PeerLane(peer, key.Lane, host, _options, _logger));
        }
    }

    void IRaftTransport.Send(Message message)
    {
        if (Route.IsAnswer(message))
            _inbound.Send(message);
        else if (_lanes.TryGetValue((message.To, Route.LaneOf(message)), out var lane))
            lane.Send(message);
    }

    void IRaftTransport.FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        var request = new FetchSnapshotRequest
        {
            Hello = Handshake.HelloOf(_host!, _options.SharedSecret),
            From = _host!.Self.Value,
            To = from.Value,
            Index = index.Value,
            EntryTerm = entryTerm.Value,
            Offset = offset,
        };
        var client = _lanes.TryGetValue((from, Lane.Replicate), out var lane) ? lane.Client : null;
        _fetches.Run(() => FetchAsync(client, request, sink, cancellationToken));
    }

    /// <summary>Ends all streams; the node calls it.</summary>
    public async ValueTask DisposeAsync()
    {
        _host = null;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _inbound.CloseAll();
        foreach (var lane in _lanes.Values)
            await lane.DisposeAsync().ConfigureAwait(false);
        await _fetches.EndAsync().ConfigureAwait(false);
    }

    private async Task FetchAsync(
        RaftPeer.RaftPeerClient? client,
        FetchSnapshotRequest request,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        // Not the whole transfer is bounded in time, only its silences: a large snapshot may take as long as it needs.
        var idleLimit = TimeSpan.FromSeconds(10);
        try
        {
            if (client is null)
                return;

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            ending.CancelAfter(idleLimit);
            using var call = client.FetchSnapshot(request, cancellationToken: ending.Token);
            while (await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
            {
                ending.CancelAfter(idleLimit);
                var chunk = call.ResponseStream.Current;
                if (!sink.Chunk(chunk.Offset, chunk.TotalBytes, chunk.Content.Span))
                    return;
            }
        }
        catch (Exception failure) when (failure is RpcException or OperationCanceledException or IOException)
        {
            RaftTrace.SnapshotPullFailed(_logger, request.Index, failure);
        }
        finally
        {
            sink.Ended();
        }
    }
}
