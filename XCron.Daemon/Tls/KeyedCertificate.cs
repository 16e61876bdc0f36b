using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace XCron.Daemon.Tls;

/// <summary>A certificate with its key, and what leads from it towards its root.</summary>
/// <remarks>Never disposed: a handshake may still have it when the next one takes its place.</remarks>
internal sealed class KeyedCertificate
{
    private KeyedCertificate(X509Certificate2 leaf, X509Certificate2Collection upwards)
    {
        Leaf = leaf;
        Context = SslStreamCertificateContext.Create(leaf, upwards, offline: true);
    }

    public X509Certificate2 Leaf { get; }

    /// <summary>As a server shows it, the certificates between it and its root included.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <exception cref="CertificateFileException">One of the files is not right, or they do not belong together.
    /// </exception>
    public static KeyedCertificate Read(string certificatePath, string keyPath)
    {
        var certificateText = PemFile.ReadText(certificatePath, TlsFile.Certificate);
        var keyText = PemFile.ReadText(keyPath, TlsFile.Key);
        var upwards = PemFile.Certificates(certificateText, TlsFile.Certificate);
        upwards.RemoveAt(0);
        if (keyText.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new CertificateFileException(TlsFile.Key, "must be a key without a passphrase, and is encrypted");
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new CertificateFileException(
                TlsFile.Key, "must be a key in PEM, and has no \"-----BEGIN PRIVATE KEY-----\"");
        }

        try
        {
            return new KeyedCertificate(Usable(X509Certificate2.CreateFromPem(certificateText, keyText)), upwards);
        }
        catch (Exception mismatch) when (mismatch is CryptographicException or ArgumentException)
        {
            throw new CertificateFileException(
                TlsFile.Key, $"must be the key of the first certificate of {certificatePath}: {mismatch.Message}");
        }
    }

    /// <summary>Windows does not take a key that lives in memory only.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
            return certificate;

        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
