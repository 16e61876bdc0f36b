using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace XCron.Daemon.Tls;

/// <summary>
/// Whose certificates make a node of the cluster: those that lead up to its roots, whatever name is on them. The
/// machine's own roots count for nothing here.
/// </summary>
internal sealed class PeerAuthority
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _between = [];

    /// <exception cref="CertificateFileException">There is no root among them.</exception>
    public PeerAuthority(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates)
        {
            var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
            (isRoot ? _roots : _between).Add(certificate);
        }

        if (_roots.Count == 0)
        {
            throw new CertificateFileException(
                TlsFile.Authority, "must have the root itself, a certificate that is signed by its own key");
        }
    }

    /// <summary>Why a peer with this certificate is not let in, or null where it is.</summary>
    /// <param name="certificate">What it showed.</param>
    /// <param name="shown">What it showed beside that.</param>
    /// <param name="isServer">Whether it was called, or calls.</param>
    public string? Objection(X509Certificate2 certificate, X509Certificate2Collection shown, bool isServer)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_between);
        policy.ExtraStore.AddRange(shown);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.ApplicationPolicy.Add(isServer ? ServerUse : ClientUse);
        return chain.Build(certificate) ? null : ReasonOf(chain);
    }

    private static string ReasonOf(X509Chain chain)
    {
        var reasons = chain.ChainStatus.Select(static status => status.Status).Distinct().Select(InWords);
        return string.Join(" and ", reasons);
    }

    private static string InWords(X509ChainStatusFlags status) => status switch
    {
        X509ChainStatusFlags.NotTimeValid => "it has expired, is not valid yet, or this machine's clock is wrong",
        X509ChainStatusFlags.NotValidForUsage =>
            "its extended key usage does not allow this: it must have clientAuth and serverAuth, or none",
        X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot =>
            "it does not lead up to a root of [tls] peer_ca",
        X509ChainStatusFlags.NotSignatureValid => "its signature is not that of its issuer",
        _ => status.ToString(),
    };
}
