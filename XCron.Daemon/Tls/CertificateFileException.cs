namespace XCron.Daemon.Tls;

/// <summary>A file with a certificate or a key is not what it must be.</summary>
/// <param name="file">Which one.</param>
/// <param name="requirement">"must be …" and what it is instead, or "cannot be read: …".</param>
internal sealed class CertificateFileException(TlsFile file, string requirement) : IOException(requirement)
{
    public TlsFile File { get; } = file;
}
