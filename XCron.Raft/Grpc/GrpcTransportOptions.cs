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

    /// <summary>
    /// Where a member is reached now, asked before every attempt to connect; null, the default: at its address in the
    /// membership. For a cluster whose nodes have all moved: until they find each other, no membership can be changed.
    /// Called from several threads; must not block or throw.
    /// </summary>
    public Func<Member, string>? Locate { get; init; }

    /// <summary>Longest time to connect and shake hands. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>First wait before connecting again; doubles up to <see cref="MaxBackoff"/>. Default 50 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait before connecting again. Default 1 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many bytes of a snapshot go to each peer that pulls it in a second; at least 65,536. Default null: as many
    /// as the connection takes. A peer that lacks its log protects nothing until it has it, and its pull shares the
    /// network by TCP, on a connection beside that of heartbeats; set it where disk or network are dear.
    /// </summary>
    public long? SnapshotBytesPerSecond
    {
        get;
        init
        {
            const long Least = 65_536;
            if (value is { } rate)
                ArgumentOutOfRangeException.ThrowIfLessThan(rate, Least);
            field = value;
        }
    }

    /// <summary>
    /// How long a snapshot's transfer may stand still before either side gives it up; it goes on later from where it
    /// ended. The transfer as a whole has no limit. More than 1 s; default 10 s.
    /// </summary>
    public TimeSpan SnapshotIdleTimeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.FromSeconds(1));
            field = value;
        }
    } = TimeSpan.FromSeconds(10);

    /// <summary>Where time comes from. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
