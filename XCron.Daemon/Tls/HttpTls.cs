using System.Net.Security;

namespace XCron.Daemon.Tls;

/// <summary>What http_port shows where it speaks https. Thread-safe.</summary>
internal sealed class HttpTls
{
    private readonly RereadFiles<KeyedCertificate> _certificate;

    /// <exception cref="CertificateFileException">The files are not right.</exception>
    public HttpTls(HttpTlsFiles files, ILoggerFactory loggers, TimeProvider time)
    {
        var logger = loggers.CreateLogger(TlsTrace.Category);
        _certificate = new RereadFiles<KeyedCertificate>(
            [files.Certificate, files.Key],
            () => KeyedCertificate.Read(files.Certificate, files.Key),
            taken => TlsTrace.Changed(logger, "http_port", taken.Leaf.Subject, taken.Leaf.NotAfter),
            reason => TlsTrace.ChangeRefused(logger, "http_port", reason),
            time);
    }

    /// <summary>For one connection.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _certificate.Current.Context,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
    };
}
