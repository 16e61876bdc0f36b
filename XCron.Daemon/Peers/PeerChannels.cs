using System.Collections.Concurrent;
using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>One HTTP/2 connection to each peer's address, for everything that daemons say to each other.</summary>
internal sealed class PeerChannels(
    TimeSpan connectTimeout, SslClientAuthenticationOptions? tls = null, AddressBook? addresses = null)
    : IPeerDialer, IDisposable
{
    private static readonly TimeSpan KeepAliveDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(2);

    // The links wait between attempts themselves; the channel must not add a wait of its own behind their backs.
    private static readonly TimeSpan ReconnectBackoff = TimeSpan.FromMilliseconds(50);
    private const int WindowBytes = 1024 * 1024;

    // Bounded by the addresses that memberships, the configuration and addPeer ever named.
    private readonly ConcurrentDictionary<string, Lazy<GrpcChannel>> _channels = new(StringComparer.Ordinal);

    public IPeerStream<ForwardRequest, ForwardReply> OpenForward(string address) =>
        new GrpcPeerStream<ForwardRequest, ForwardReply>(address, ClientAt(address).Forward());

    public IPeerStream<NodeReport, ReportAck> OpenReport(string address) =>
        new GrpcPeerStream<NodeReport, ReportAck>(address, ClientAt(address).Report());

    public async Task<IdentifyReply> IdentifyAsync(
        string address, IdentifyRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ClientOf(address).IdentifyAsync(request, cancellationToken: cancellationToken);
        }
        catch (RpcException failure)
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
    }

    public async Task<MemberReply> ChangeMembersAsync(
        string address, MemberRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ClientAt(address).ChangeMembersAsync(request, cancellationToken: cancellationToken);
        }
        catch (RpcException failure)
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
    }

    public async Task<CatchUpReply> CatchUpAsync(
        string address, CatchUpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ClientAt(address).CatchUpAsync(request, cancellationToken: cancellationToken);
        }
        catch (RpcException failure)
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
    }

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
            channel.Value.Dispose();
        _channels.Clear();
    }

    /// <summary>To the member that the log has at this address, wherever it is; who is there is asked at the place.
    /// </summary>
    private ClusterPeer.ClusterPeerClient ClientAt(string address) => ClientOf(addresses?.Of(address) ?? address);

    private ClusterPeer.ClusterPeerClient ClientOf(string address) =>
        new(_channels.GetOrAdd(address, static (key, self) => new(() => self.Connect(key)), this).Value);

    private GrpcChannel Connect(string address)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = connectTimeout,
            KeepAlivePingDelay = KeepAliveDelay,
            KeepAlivePingTimeout = KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = WindowBytes,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        if (tls is not null)
            handler.SslOptions = tls;
        return GrpcChannel.ForAddress($"{(tls is null ? "http" : "https")}://{address}", new()
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            ThrowOperationCanceledOnCancellation = true,
            MaxReceiveMessageSize = PeerOptions.MaxMessageBytes,
            MaxSendMessageSize = PeerOptions.MaxMessageBytes,
            MaxRetryAttempts = 1,
            InitialReconnectBackoff = ReconnectBackoff,
            MaxReconnectBackoff = ReconnectBackoff,
        });
    }
}
