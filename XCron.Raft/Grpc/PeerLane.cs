using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using XCron.Raft.Core;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Runtime;

namespace XCron.Raft.Grpc;

/// <summary>
/// This node's stream to one peer on one lane: requests go out on it, their answers come back. Connects, shakes hands,
/// and connects again with backoff for as long as the transport lives.
/// </summary>
internal sealed class PeerLane : IAsyncDisposable
{
    private static readonly TimeSpan RefusedRetry = TimeSpan.FromSeconds(10);

    private readonly Member _peer;
    private readonly Lane _lane;
    private readonly IRaftTransportHost _host;
    private readonly GrpcTransportOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    // Made anew by the running task where the peer is found elsewhere; read by whoever pulls a snapshot.
    private volatile Connection _connection;

    // Null while not connected: what is sent then is dropped. Written by the running task, read by senders.
    private volatile Channel<Message>? _outbox;
    private bool _saidWhyNot;

    public PeerLane(
        Member peer, Lane lane, IRaftTransportHost host, GrpcTransportOptions options, ILogger logger)
    {
        _peer = peer;
        _lane = lane;
        _host = host;
        _options = options;
        _logger = logger;
        _connection = Connection.To(Location, options);
        _running = Task.Run(RunAsync);
    }

    public RaftPeer.RaftPeerClient Client => _connection.Client;

    /// <summary>As the membership has it.</summary>
    public string Address => _peer.Address;

    private string Location => _options.Locate?.Invoke(_peer) ?? _peer.Address;

    public void Send(Message message) => _outbox?.Writer.TryWrite(message);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _connection.Channel.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var stop = _stopping.Token;
        var backoff = _options.MinBackoff;
        while (!stop.IsCancellationRequested)
        {
            var wait = backoff;
            Relocate();
            try
            {
                await ConnectAndServeAsync(stop).ConfigureAwait(false);
                wait = backoff = _options.MinBackoff;
                Say("the stream ended");
            }
            catch (RpcException failure) when (Handshake.IsPermanent(failure) && !stop.IsCancellationRequested)
            {
                RaftTrace.PeerRefuses(_logger, _peer.Id, _connection.Address, failure.Status.Detail);
                if (Handshake.NewerEpochOf(failure) is { } newer && newer > _host.Epoch)
                    _host.Superseded(newer);
                wait = RefusedRetry;
            }
            catch (Exception failure)
            {
                // Whatever it was, it is tried again: the HTTP client has many ways to say that a connection broke
                // (HttpRequestException is no IOException), and a lane that ended would cut the peer off for good.
                Say(failure is RpcException rpc ? rpc.Status.Detail : failure.Message);
            }

            if (_outbox is not null)
            {
                _outbox = null;
                backoff = _options.MinBackoff;
                _host.PeerDisconnected(_peer.Id);
            }
            else
            {
                backoff = backoff * 2 < _options.MaxBackoff ? backoff * 2 : _options.MaxBackoff;
            }

            await DelayAsync(wait, stop).ConfigureAwait(false);
        }
    }

    private void Relocate()
    {
        var former = _connection;
        if (Location is var location && location == former.Address)
            return;

        _connection = Connection.To(location, _options);
        former.Channel.Dispose();
    }

    private async Task ConnectAndServeAsync(CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var call = _lane == Lane.Replicate
            ? _connection.Client.Replicate(cancellationToken: ending.Token)
            : _connection.Client.Control(cancellationToken: ending.Token);
        var outbox = MessageQueue.Create();
        await ShakeHandsAsync(call, ending).ConfigureAwait(false);
        _outbox = outbox;
        _saidWhyNot = false;
        RaftTrace.PeerConnected(_logger, _peer.Id, _connection.Address, _lane.ToString());

        var writing = WriteAsync(call.RequestStream, outbox.Reader, ending.Token);
        var reading = ReadAsync(call.ResponseStream, ending.Token);
        var first = await Task.WhenAny(writing, reading).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    private async Task ShakeHandsAsync(
        AsyncDuplexStreamingCall<Envelope, Envelope> call, CancellationTokenSource ending)
    {
        ending.CancelAfter(_options.ConnectTimeout);
        var hello = Handshake.EnvelopeOf(_host, _peer.Id, _options.SharedSecret);
        await call.RequestStream.WriteAsync(hello, ending.Token).ConfigureAwait(false);
        if (!await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
            throw new IOException("the stream ended before the handshake");

        var answer = call.ResponseStream.Current;
        Handshake.Check(answer.Hello, new NodeId(answer.To), _host, _options.SharedSecret);
        ending.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    private static async Task WriteAsync(
        IClientStreamWriter<Envelope> stream, ChannelReader<Message> outbox, CancellationToken ending)
    {
        var batch = new AppendBatch();
        await foreach (var message in outbox.ReadAllAsync(ending).ConfigureAwait(false))
        {
            if (message is not Message.AppendRequest append)
            {
                await stream.WriteAsync(WireCodec.Encode(message), ending).ConfigureAwait(false);
                continue;
            }

            batch.Begin(append);
            while (outbox.TryPeek(out var next) && batch.TryAdd(next))
                outbox.TryRead(out _);
            await stream.WriteAsync(batch.Encode(), ending).ConfigureAwait(false);
            batch.Return();
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<Envelope> stream, CancellationToken ending)
    {
        while (await stream.MoveNext(ending).ConfigureAwait(false))
        {
            if (WireCodec.Decode(stream.Current) is { } message && message.From == _peer.Id)
                _host.Deliver(message);
        }
    }

    private void Say(string reason)
    {
        if (!_saidWhyNot && !_stopping.IsCancellationRequested)
            RaftTrace.PeerLost(_logger, _peer.Id, _connection.Address, _lane.ToString(), reason);
        _saidWhyNot = true;
    }

    private async Task DelayAsync(TimeSpan wait, CancellationToken stop) =>
        await Task.Delay(wait, _options.TimeProvider, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private sealed record Connection(string Address, GrpcChannel Channel, RaftPeer.RaftPeerClient Client)
    {
        public static Connection To(string address, GrpcTransportOptions options)
        {
            var channel = PeerChannel.Create(address, options);
            return new Connection(address, channel, new RaftPeer.RaftPeerClient(channel));
        }
    }
}
