using System.Net.Security;

namespace XCron.Raft.Grpc;

/// <summary>How peers are reached over gRPC.</summary>
public sealed class GrpcTransportOptions
{
    /// <summary>
    /// The largest message on the wire, in bytes (16 MiB). The host must allow as much: set MaxReceiveMessageSize of
    /// its gRPC services to this.
    /// </summary>
    public const int MaxMessageBytes = 16 << 20;

    /// <summary>What every peer must present, or empty for none. Compared in constant time; never logged.</summary>
    public string SharedSecret { get; init; } = "";

    /// <summary>
    /// How connections to peers are secured; null, the default: plain HTTP/2. The server's side is the host's. One
    /// object serves all connections, so its callbacks must be thread-safe; those for the certificate are asked at
    /// every handshake, so that a certificate may be replaced while the node runs. Mutual TLS is this with a client
    /// certificate, and a host that requires one of its callers.
    /// </summary>
    public SslClientAuthenticationOptions? PeerTls { get; init; }

    /// <summary>Longest time to connect and shake hands. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>First wait before connecting again; doubles up to <see cref="MaxBackoff"/>. Default 50 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait before connecting again. Default 1 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where time comes from. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
