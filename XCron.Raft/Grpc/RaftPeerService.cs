using Grpc.Core;
using Microsoft.Extensions.Logging;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;

namespace XCron.Raft.Grpc;

/// <summary>The server's side of the streams: what peers send comes in here, and answers to it leave here.</summary>
internal sealed class RaftPeerService(
    Func<IRaftTransportHost?> hostOrNone,
    InboundStreams inbound,
    GrpcTransportOptions options,
    ILogger logger,
    CancellationToken stopping)
    : RaftPeer.RaftPeerBase
{
    private readonly SnapshotSender _snapshots = new(options);

    public override Task Replicate(
        IAsyncStreamReader<Envelope> requestStream,
        IServerStreamWriter<Envelope> responseStream,
        ServerCallContext context) =>
        ServeAsync(Lane.Replicate, requestStream, responseStream, context);

    public override Task Control(
        IAsyncStreamReader<Envelope> requestStream,
        IServerStreamWriter<Envelope> responseStream,
        ServerCallContext context) =>
        ServeAsync(Lane.Control, requestStream, responseStream, context);

    public override async Task FetchSnapshot(
        FetchSnapshotRequest request, IServerStreamWriter<SnapshotChunk> responseStream, ServerCallContext context)
    {
        var host = Admit(request.Hello, new NodeId(request.To), context);
        using var snapshot = host.OpenSnapshot(new LogIndex(request.Index), new Term(request.EntryTerm))
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"no snapshot at index {request.Index} here"));

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        await _snapshots.SendAsync(snapshot, request.Offset, responseStream, ending.Token).ConfigureAwait(false);
    }

    private async Task ServeAsync(
        Lane lane,
        IAsyncStreamReader<Envelope> requests,
        IServerStreamWriter<Envelope> answers,
        ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        if (!await requests.MoveNext(ending.Token).ConfigureAwait(false))
            return;

        var first = requests.Current;
        var host = Admit(first.Hello, new NodeId(first.To), context);
        var peer = new NodeId(first.From);
        var hello = Handshake.EnvelopeOf(host, peer, options.SharedSecret);
        await answers.WriteAsync(hello, ending.Token).ConfigureAwait(false);

        var outbox = inbound.Open(peer, lane);
        try
        {
            var reading = ReadAsync(host, peer, requests, ending.Token);
            var writing = WriteAsync(outbox, answers, ending.Token);
            await Task.WhenAny(reading, writing).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            inbound.Close(peer, lane, outbox);
        }
    }

    private IRaftTransportHost Admit(Hello? hello, NodeId to, ServerCallContext context)
    {
        var host = hostOrNone()
            ?? throw new RpcException(new Status(StatusCode.Unavailable, "the node is starting or stopping"));
        try
        {
            Handshake.Check(hello, to, host, options.SharedSecret);
            return host;
        }
        catch (RpcException refusal)
        {
            RaftTrace.PeerRefused(logger, context.Peer, refusal.Status.Detail);
            throw;
        }
    }

    private static async Task ReadAsync(
        IRaftTransportHost host, NodeId peer, IAsyncStreamReader<Envelope> requests, CancellationToken ending)
    {
        while (await requests.MoveNext(ending).ConfigureAwait(false))
        {
            if (WireCodec.Decode(requests.Current) is { } message && message.From == peer)
                host.Deliver(message);
        }
    }

    private static async Task WriteAsync(
        System.Threading.Channels.ChannelReader<Core.Message> outbox,
        IServerStreamWriter<Envelope> answers,
        CancellationToken ending)
    {
        await foreach (var message in outbox.ReadAllAsync(ending).ConfigureAwait(false))
            await answers.WriteAsync(WireCodec.Encode(message), ending).ConfigureAwait(false);
    }
}
