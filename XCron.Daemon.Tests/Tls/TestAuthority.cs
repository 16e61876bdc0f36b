using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace XCron.Daemon.Tests.Tls;

/// <summary>An authority of its own, and certificates by it in files of a directory.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly string _directory;
    private readonly string _name;

    private TestAuthority(string directory, string name, X509Certificate2 root)
    {
        _directory = directory;
        _name = name;
        Root = root;
        AuthorityPath = Write("ca.pem", root.ExportCertificatePem());
    }

    public X509Certificate2 Root { get; }

    public string AuthorityPath { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static TestAuthority Create(string directory, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return new TestAuthority(directory, name, request.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(2)));
    }

    /// <summary>An authority below this one; its file of certificates has this one's root after its own.</summary>
    public TestAuthority Below(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signed = request.Create(Root, Now.AddDays(-2), Now.AddDays(1), Serial());
        var below = new TestAuthority(_directory, name, signed.CopyWithPrivateKey(key));
        File.AppendAllText(below.AuthorityPath, "\n" + Root.ExportCertificatePem());
        return below;
    }

    /// <summary>Writes NAME.pem and NAME.key, for both sides of a connection unless one is named.</summary>
    public (string Certificate, string Key) Issue(
        string name, bool isServer = true, bool isClient = true, TimeSpan? until = null, string host = "127.0.0.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var uses = new OidCollection();
        if (isServer)
            uses.Add(new Oid(ServerUse));
        if (isClient)
            uses.Add(new Oid(ClientUse));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(uses, critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Parse(host));
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(Root, Now.AddDays(-1), Now + (until ?? TimeSpan.FromHours(1)), Serial());
        return (
            Write($"{name}.pem", signed.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose() => Root.Dispose();

    private string Write(string file, string text)
    {
        var path = Path.Combine(_directory, $"{_name}-{file}");
        File.WriteAllText(path, text + "\n");
        return path;
    }

    private static byte[] Serial() => RandomNumberGenerator.GetBytes(12);
}
