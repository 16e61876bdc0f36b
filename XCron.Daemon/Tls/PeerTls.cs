using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace XCron.Daemon.Tls;

/// <summary>
/// Mutual TLS between nodes: each shows a certificate of the cluster's authority, the one that calls as the one that is
/// called. Names are not compared: a node is known by the id of its data directory, which the handshakes of both
/// protocols check, and its address may change. Thread-safe.
/// </summary>
internal sealed class PeerTls
{
    private readonly RereadFiles<PeerCredentials> _credentials;
    private readonly ILogger _logger;
    private readonly Seldom _seldom;

    /// <exception cref="CertificateFileException">The files are not right.</exception>
    public PeerTls(PeerTlsFiles files, ILoggerFactory loggers, TimeProvider time)
    {
        _logger = loggers.CreateLogger(TlsTrace.Category);
        _seldom = new Seldom(time);
        _credentials = new RereadFiles<PeerCredentials>(
            [files.Certificate, files.Key, files.Authority],
            () => PeerCredentials.Read(files),
            taken => TlsTrace.Changed(_logger, "peer_port", taken.Own.Leaf.Subject, taken.Own.Leaf.NotAfter),
            reason => TlsTrace.ChangeRefused(_logger, "peer_port", reason),
            time);
    }

    /// <summary>For all connections to peers: every handshake asks anew for what is in force.</summary>
    public SslClientAuthenticationOptions ClientOptions() => new()
    {
        LocalCertificateSelectionCallback = (_, _, _, _, _) => _credentials.Current.Own.Leaf,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => AcceptsCalled(certificate, chain),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // A session that is taken up again would go by what was trusted when it began.
        AllowTlsResume = false,
    };

    /// <summary>For one connection from a peer.</summary>
    public SslServerAuthenticationOptions ServerOptions(EndPoint? remote) => new()
    {
        ServerCertificateContext = _credentials.Current.Own.Context,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => AcceptsCaller(remote, certificate, chain),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        AllowTlsResume = false,
    };

    /// <summary>Tells of a caller that does not speak TLS at all.</summary>
    public void TellOfPlaintext(EndPoint? remote)
    {
        if (_seldom.MaySay($"plain {HostOf(remote)}"))
            TlsTrace.CallerWithoutTls(_logger, HostOf(remote));
    }

    private bool AcceptsCalled(X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is not X509Certificate2 shown)
            return false;

        var objection = _credentials.Current.Authority.Objection(shown, Beside(chain), isServer: true);
        if (objection is not null && _seldom.MaySay($"called {shown.Thumbprint}"))
            TlsTrace.CalledRefused(_logger, shown.Subject, shown.Issuer, objection);
        return objection is null;
    }

    private bool AcceptsCaller(EndPoint? remote, X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is not X509Certificate2 shown)
        {
            if (_seldom.MaySay($"none {HostOf(remote)}"))
                TlsTrace.CallerWithoutCertificate(_logger, HostOf(remote));
            return false;
        }

        var objection = _credentials.Current.Authority.Objection(shown, Beside(chain), isServer: false);
        if (objection is not null && _seldom.MaySay($"caller {HostOf(remote)} {shown.Thumbprint}"))
            TlsTrace.CallerRefused(_logger, HostOf(remote), shown.Subject, shown.Issuer, objection);
        return objection is null;
    }

    private static X509Certificate2Collection Beside(X509Chain? chain) => chain?.ChainPolicy.ExtraStore ?? [];

    /// <summary>Without the port, which is another each time.</summary>
    private static string HostOf(EndPoint? remote) =>
        (remote as IPEndPoint)?.Address.ToString() ?? "an unknown address";
}
