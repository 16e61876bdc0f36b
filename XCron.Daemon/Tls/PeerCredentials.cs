using System.Globalization;

namespace XCron.Daemon.Tls;

/// <summary>What this node shows its peers, and what they must show.</summary>
internal sealed record PeerCredentials(KeyedCertificate Own, PeerAuthority Authority)
{
    /// <summary>Read from the files, and checked as the peers will check it.</summary>
    /// <exception cref="CertificateFileException">A file is not right, or peers would refuse this node.</exception>
    public static PeerCredentials Read(PeerTlsFiles files)
    {
        var own = KeyedCertificate.Read(files.Certificate, files.Key);
        var text = PemFile.ReadText(files.Authority, TlsFile.Authority);
        var authority = new PeerAuthority(PemFile.Certificates(text, TlsFile.Authority));
        var objection = authority.Objection(own.Leaf, [], isServer: true)
            ?? authority.Objection(own.Leaf, [], isServer: false);
        if (objection is not null)
        {
            throw new CertificateFileException(
                TlsFile.Certificate,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"must be one that the other nodes accept, and {objection} (valid {own.Leaf.NotBefore:u} to "
                    + $"{own.Leaf.NotAfter:u}, issued by {own.Leaf.Issuer})"));
        }

        return new PeerCredentials(own, authority);
    }
}
