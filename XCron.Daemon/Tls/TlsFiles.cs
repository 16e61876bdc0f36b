namespace XCron.Daemon.Tls;

/// <summary>Where the PEM files of peer_port are.</summary>
/// <param name="Certificate">Of this node, signed under the authority.</param>
/// <param name="Key">Of that certificate, not encrypted.</param>
/// <param name="Authority">The cluster's own: a root, and whatever stands between it and the nodes.</param>
internal sealed record PeerTlsFiles(string Certificate, string Key, string Authority);

/// <summary>Where the PEM files of http_port are.</summary>
/// <param name="Certificate">The server's, and after it those that lead up to its root.</param>
/// <param name="Key">Of that certificate, not encrypted.</param>
internal sealed record HttpTlsFiles(string Certificate, string Key);

/// <summary>Which of the files is meant.</summary>
internal enum TlsFile
{
    Certificate = 0,
    Key = 1,
    Authority = 2,
}
