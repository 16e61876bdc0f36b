using System.Security.Cryptography.X509Certificates;
using XCron.Daemon.Tls;

namespace XCron.Daemon.Tests.Tls;

internal sealed class PeerCredentialsTests
{
    private DirectoryInfo _directory = null!;
    private TestAuthority _authority = null!;

    [SetUp]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-tls-");
        _authority = TestAuthority.Create(_directory.FullName, "cluster");
    }

    [TearDown]
    public void TearDown()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Test]
    public void Files_of_one_authority_are_taken_and_another_node_of_it_is_let_in()
    {
        var credentials = Read(_authority.Issue("node1"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(credentials.Own.Leaf.Subject, Is.EqualTo("CN=node1"));
            Assert.That(credentials.Own.Leaf.HasPrivateKey);
            Assert.That(Objection(credentials, _authority.Issue("node2", host: "10.1.2.3")), Is.Null, "whatever name");
        }
    }

    [Test]
    public void A_certificate_of_another_authority_is_not_let_in()
    {
        using var foreign = TestAuthority.Create(_directory.FullName, "foreign");
        var credentials = Read(_authority.Issue("node1"));

        Assert.That(
            Objection(credentials, foreign.Issue("node2")),
            Is.EqualTo("it does not lead up to a root of [tls] peer_ca"));
    }

    [Test]
    public void An_authority_of_the_same_name_with_another_key_is_another_authority()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_directory.FullName, "elsewhere"));
        using var impostor = TestAuthority.Create(elsewhere.FullName, "cluster");
        var credentials = Read(_authority.Issue("node1"));

        Assert.That(Objection(credentials, impostor.Issue("node2")), Is.Not.Null);
    }

    [Test]
    public void A_certificate_that_has_expired_is_not_let_in()
    {
        var credentials = Read(_authority.Issue("node1"));

        Assert.That(
            Objection(credentials, _authority.Issue("node2", until: TimeSpan.FromHours(-1))),
            Does.StartWith("it has expired"));
    }

    [Test]
    public void A_certificate_for_servers_only_may_not_call()
    {
        var credentials = Read(_authority.Issue("node1"));
        var forServers = _authority.Issue("web", isClient: false);

        Assert.That(Objection(credentials, forServers), Does.Contain("must have clientAuth and serverAuth"));
    }

    [Test]
    public void An_authority_between_root_and_node_is_found_in_peer_ca()
    {
        using var between = _authority.Below("between");
        var credentials = Read(between.Issue("node1"), between.AuthorityPath);

        Assert.That(Objection(credentials, between.Issue("node2")), Is.Null);
    }

    [Test]
    public void A_root_is_needed()
    {
        using var between = _authority.Below("between");
        var only = Path.Combine(_directory.FullName, "only.pem");
        File.WriteAllText(only, between.Root.ExportCertificatePem());

        Assert.That(
            () => Read(between.Issue("node1"), only),
            Throws.TypeOf<CertificateFileException>().With.Message.StartsWith("must have the root itself"));
    }

    private PeerCredentials Read((string Certificate, string Key) own, string? authority = null) =>
        PeerCredentials.Read(new PeerTlsFiles(own.Certificate, own.Key, authority ?? _authority.AuthorityPath));

    private static string? Objection(PeerCredentials credentials, (string Certificate, string Key) caller)
    {
        using var shown = X509Certificate2.CreateFromPem(File.ReadAllText(caller.Certificate));
        return credentials.Authority.Objection(shown, [], isServer: false);
    }
}
