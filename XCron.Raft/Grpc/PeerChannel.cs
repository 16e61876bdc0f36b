using Grpc.Net.Client;

namespace XCron.Raft.Grpc;

/// <summary>A connection of its own to a peer, over HTTP/2, with TLS where the options say how.</summary>
internal static class PeerChannel
{
    public static GrpcChannel Create(string address, GrpcTransportOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = false,
            KeepAlivePingDelay = TimeSpan.FromSeconds(5),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        };
        if (options.PeerTls is { } tls)
            handler.SslOptions = tls;
        var scheme = options.PeerTls is null ? "http" : "https";
        return GrpcChannel.ForAddress($"{scheme}://{address}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = GrpcTransportOptions.MaxMessageBytes,
            MaxSendMessageSize = GrpcTransportOptions.MaxMessageBytes,

            // Reconnecting is the lane's own work; the channel must not add a wait of its own.
            InitialReconnectBackoff = options.MinBackoff,
            MaxReconnectBackoff = options.MaxBackoff,
        });
    }
}
