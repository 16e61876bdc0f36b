using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace XCron.Daemon.Tls;

/// <summary>Reads files of PEM text. What is wrong with one is said in words that name it.</summary>
internal static class PemFile
{
    // A chain of ten certificates is some 20 KiB.
    private const int MaxBytes = 1024 * 1024;

    /// <exception cref="CertificateFileException">It is not there, may not be read, or is too large.</exception>
    public static string ReadText(string path, TlsFile file)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= MaxBytes
                ? File.ReadAllText(path)
                : throw new CertificateFileException(file, $"must be at most {MaxBytes} bytes and is {length}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            && failure is not CertificateFileException)
        {
            throw new CertificateFileException(file, $"cannot be read: {failure.Message}");
        }
    }

    /// <summary>All certificates of a text, at least one.</summary>
    /// <exception cref="CertificateFileException">There is none, or one is damaged.</exception>
    public static X509Certificate2Collection Certificates(string text, TlsFile file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException damage)
        {
            throw new CertificateFileException(file, $"must be certificates in PEM: {damage.Message}");
        }

        return certificates.Count > 0
            ? certificates
            : throw new CertificateFileException(
                file, "must be certificates in PEM, and has no \"-----BEGIN CERTIFICATE-----\"");
    }
}
