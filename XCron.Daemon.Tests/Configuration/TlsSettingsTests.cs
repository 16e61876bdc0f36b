using System.Security.Cryptography;
using XCron.Daemon.Tests.Tls;

namespace XCron.Daemon.Tests.Configuration;

/// <summary>[tls]: what is half given or does not fit stops the start, and says what would be right.</summary>
internal sealed class TlsSettingsTests
{
    private LoadedConfiguration _configuration = null!;
    private TestAuthority _authority = null!;

    [SetUp]
    public void SetUp()
    {
        _configuration = new LoadedConfiguration();
        _authority = TestAuthority.Create(_configuration.WorkingDirectory, "c");
        _authority.Issue("n");
        _authority.Issue("m");
    }

    [TearDown]
    public void TearDown()
    {
        _authority.Dispose();
        _configuration.Dispose();
    }

    [Test]
    public void Files_are_named_from_the_working_directory()
    {
        var options = _configuration
            .WithFile(Peers("c-n.pem", "c-n.key", "c-ca.pem") + "http_cert = \"c-n.pem\"\nhttp_key = \"c-n.key\"\n")
            .Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.Tls.Peer!.Authority, Is.EqualTo(PathOf("c-ca.pem")));
            Assert.That(options.Tls.Http!.Certificate, Is.EqualTo(PathOf("c-n.pem")));
            Assert.That(options.IsPeerPortGuarded);
        }
    }

    [Test]
    public void Without_them_both_ports_are_plain_and_the_peers_unguarded()
    {
        var options = _configuration.Options();

        Assert.That((options.Tls.Peer, options.Tls.Http, options.IsPeerPortGuarded), Is.EqualTo(default(
            (XCron.Daemon.Tls.PeerTlsFiles?, XCron.Daemon.Tls.HttpTlsFiles?, bool))));
    }

    [TestCase("peer_cert = \"c-n.pem\"", "[tls] peer_cert is \"c-n.pem\"; must come with peer_key and peer_ca.")]
    [TestCase("peer_key = \"c-n.key\"\npeer_ca = \"c-ca.pem\"",
        "[tls] peer_key is \"c-n.key\"; must come with peer_cert.")]
    [TestCase("http_key = \"c-n.key\"", "[tls] http_key is \"c-n.key\"; must come with http_cert.")]
    public void Half_of_them_is_an_error(string settings, string error) =>
        Assert.That(ErrorOf($"[tls]\n{settings}\n"), Is.EqualTo($"xcron.toml:2: {error}"));

    [Test]
    public void A_file_that_is_not_there_is_an_error() => Assert.That(
        ErrorOf(Peers("c-n.pem", "nowhere.key", "c-ca.pem")),
        Does.StartWith("xcron.toml:3: [tls] peer_key is \"nowhere.key\"; cannot be read: "));

    [Test]
    public void A_key_of_another_certificate_is_an_error() => Assert.That(
        ErrorOf(Peers("c-n.pem", "c-m.key", "c-ca.pem")),
        Does.StartWith("xcron.toml:3: [tls] peer_key is \"c-m.key\"; must be the key of the first certificate of "));

    [Test]
    public void A_certificate_of_another_authority_is_an_error()
    {
        using var foreign = TestAuthority.Create(_configuration.WorkingDirectory, "f");

        Assert.That(
            ErrorOf(Peers("c-n.pem", "c-n.key", "f-ca.pem")),
            Does.StartWith(
                "xcron.toml:2: [tls] peer_cert is \"c-n.pem\"; must be one that the other nodes accept, and it does "
                + "not lead up to a root of [tls] peer_ca (valid "));
    }

    [Test]
    public void A_certificate_that_has_expired_is_an_error()
    {
        _authority.Issue("old", until: TimeSpan.FromHours(-2));

        Assert.That(ErrorOf(Peers("c-old.pem", "c-old.key", "c-ca.pem")), Does.Contain("; must be one that the other "
            + "nodes accept, and it has expired, is not valid yet, or this machine's clock is wrong (valid "));
    }

    [Test]
    public void A_key_with_a_passphrase_is_an_error()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        File.WriteAllText(PathOf("locked.key"), pem);

        Assert.That(
            ErrorOf("[tls]\nhttp_cert = \"c-n.pem\"\nhttp_key = \"locked.key\"\n"),
            Is.EqualTo(
                "xcron.toml:3: [tls] http_key is \"locked.key\"; must be a key without a passphrase, and is "
                + "encrypted."));
    }

    [TestCase("c-n.key", "must be certificates in PEM, and has no \"-----BEGIN CERTIFICATE-----\".")]
    [TestCase("damaged.pem", "must be certificates in PEM: ")]
    public void A_file_that_holds_no_certificate_is_an_error(string authority, string requirement)
    {
        File.WriteAllText(
            PathOf("damaged.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

        Assert.That(
            ErrorOf(Peers("c-n.pem", "c-n.key", authority)),
            Does.StartWith($"xcron.toml:4: [tls] peer_ca is \"{authority}\"; {requirement}"));
    }

    private string ErrorOf(string file) => _configuration.WithFile(file).Error();

    private string PathOf(string file) => Path.Combine(_configuration.WorkingDirectory, file);

    private static string Peers(string certificate, string key, string authority) =>
        $"""
         [tls]
         peer_cert = "{certificate}"
         peer_key = "{key}"
         peer_ca = "{authority}"

         """;
}
