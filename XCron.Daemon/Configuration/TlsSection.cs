using XCron.Daemon.Tls;

namespace XCron.Daemon.Configuration;

/// <summary>[tls]: which files the ports' certificates are in; once loaded they were read and fit together.</summary>
internal sealed class TlsSection
{
    /// <summary>Null: peer_port speaks plainly.</summary>
    public PeerTlsFiles? Peer { get; init; }

    /// <summary>Null: http_port speaks plainly.</summary>
    public HttpTlsFiles? Http { get; init; }
}
