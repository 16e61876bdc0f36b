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
    // Longer than a leader goes on telling a removed node of its removal.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    private readonly GrpcTransportOptions _options;
    private readonly ILogger _logger;
    private readonly InboundStreams _inbound = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly BackgroundTasks _tasks = new();
    private readonly Lock _peersGate = new();

    // Changed under the gate, read without.
    private readonly ConcurrentDictionary<(NodeId Peer, Lane Lane), PeerLane> _lanes = new();

    // Guarded by the gate.
    private readonly HashSet<PeerLane> _departing = [];
    private HashSet<NodeId> _peers = [];

    // Null before the node starts and after it stops. Written by the node, read by the service.
    private volatile IRaftTransportHost? _host;

    /// <param name="options">How peers are reached.</param>
    /// <param name="logger">Where connections gained, lost and refused are told; null: nowhere.</param>
    public GrpcRaftTransport(GrpcTransportOptions options, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _logger = logger ?? NullLogger.Instance;
        var service = new RaftPeerService(() => _host, _inbound, options, _logger, _stopping.Token);
        Service = RaftPeer.BindService(service);
    }

    /// <summary>What peers call; for <c>MapGrpcService</c>. Answers "unavailable" until the node has started.</summary>
    public ServerServiceDefinition Service { get; }

    void IRaftTransport.Start(IRaftTransportHost host) => _host = host;

    void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
    {
        var host = _host ?? throw new InvalidOperationException("The transport has not started.");
        lock (_peersGate)
        {
            _peers = [.. peers.Select(static peer => peer.Id)];
            foreach (var peer in peers)
            {
                foreach (var lane in Enum.GetValues<Lane>())
                    Connect(peer, lane, host);
            }

            foreach (var (key, lane) in _lanes)
            {
                if (!_peers.Contains(key.Peer) && _departing.Add(lane))
                    _tasks.Run(() => EndLaterAsync(key, lane));
            }
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
        _tasks.Run(() => FetchAsync(client, request, sink, cancellationToken));
    }

    /// <summary>Ends all streams; the node calls it.</summary>
    public async ValueTask DisposeAsync()
    {
        _host = null;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _inbound.CloseAll();
        foreach (var lane in _lanes.Values)
            await lane.DisposeAsync().ConfigureAwait(false);
        await _tasks.EndAsync().ConfigureAwait(false);
    }

    private void Connect(Member peer, Lane lane, IRaftTransportHost host)
    {
        if (_lanes.TryGetValue((peer.Id, lane), out var known) && known.Address == peer.Address)
            return;

        // The same node at another address: nobody is left at the old one.
        if (known is not null)
            _tasks.Run(() => known.DisposeAsync().AsTask());
        _lanes[(peer.Id, lane)] = new PeerLane(peer, lane, host, _options, _logger);
    }

    private async Task EndLaterAsync((NodeId Peer, Lane Lane) key, PeerLane lane)
    {
        await Task.Delay(Farewell, _options.TimeProvider, _stopping.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_peersGate)
        {
            _departing.Remove(lane);

            // It may be back, and then goes on with its lane; at the stop all lanes are ended together.
            var isGone = !_stopping.IsCancellationRequested && !_peers.Contains(key.Peer)
                && _lanes.TryRemove(KeyValuePair.Create(key, lane));
            if (!isGone)
                return;
        }

        await lane.DisposeAsync().ConfigureAwait(false);
    }

    private async Task FetchAsync(
        RaftPeer.RaftPeerClient? client,
        FetchSnapshotRequest request,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        // Not the whole transfer is bounded in time, only its silences: a large snapshot may take as long as it needs.
        var idleLimit = _options.SnapshotIdleTimeout;
        using var idle = new CancellationTokenSource(idleLimit, _options.TimeProvider);
        using var ending =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token, idle.Token);
        try
        {
            if (client is null)
                return;

            using var call = client.FetchSnapshot(request, cancellationToken: ending.Token);
            while (await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
            {
                idle.CancelAfter(idleLimit);
                var chunk = call.ResponseStream.Current;
                if (!sink.Chunk(chunk.Offset, chunk.TotalBytes, chunk.Content.Span))
                    return;
            }
        }
        catch (Exception failure) when (failure is RpcException or OperationCanceledException or IOException
            or HttpRequestException or ObjectDisposedException)
        {
            RaftTrace.SnapshotPullFailed(_logger, request.Index, failure);
        }
        finally
        {
            sink.Ended();
        }
    }
}
