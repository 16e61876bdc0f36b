using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using XCron.Daemon.Tests.Tls;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Three daemons that show each other certificates; callers that have none, or another authority's.</summary>
[Category("EndToEnd")]
internal sealed class TlsTests
{
    private DaemonGroup _daemons = null!;
    private DirectoryInfo _directory = null!;
    private TestAuthority _authority = null!;

    [SetUp]
    public void SetUp()
    {
        _daemons = new DaemonGroup();
        _directory = Directory.CreateTempSubdirectory("xcron-tls-");
        _authority = TestAuthority.Create(_directory.FullName, "cluster");
    }

    [TearDown]
    public async Task TearDown()
    {
        await _daemons.DisposeAsync();
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Test]
    public async Task A_cluster_forms_by_certificates_and_lets_in_nobody_else()
    {
        using var foreign = TestAuthority.Create(_directory.FullName, "foreign");
        var web = _authority.Issue("web");
        await _daemons.StartThreeAsync(place => [
            .. Certificates(_authority, $"node{place}"),
            .. place == 0 ? ["--tls.http_cert", web.Certificate, "--tls.http_key", web.Key] : Array.Empty<string>()]);
        var id = await CreateByHttpsAsync(_daemons[0].Ports.Http);
        var found = await _daemons[2].GetAsync($"/xcron/queryTask?task_id={id}");
        Assert.That(found.GetProperty("code").GetInt32(), Is.Zero, found.ToString());
        Assert.That(_daemons[0].Output, Does.Not.Contain("may pass for a node"), "the door is guarded");

        var join = _daemons[0].Address;
        _daemons.Add(["--peer.join", join, .. Certificates(foreign, "stranger")]).Start();
        _daemons.Add("--peer.join", join).Start();
        await UntilSaidAsync(_daemons[0], "does not lead up to a root of [tls] peer_ca");
        await UntilSaidAsync(_daemons[0], "it does not speak TLS");
        await UntilSaidAsync(_daemons[3], "A peer that was called is refused: its certificate (CN=node0");
        await UntilSaidAsync(_daemons[4], "may pass for a node of the cluster");

        await ShakeHandsWithoutCertificateAsync(_daemons[0].Ports.Peer);
        await UntilSaidAsync(_daemons[0], "it shows no certificate");
        var members = (await _daemons[1].GetAsync("/xcron/cluster")).GetProperty("data").GetProperty("members");
        Assert.That(members.GetArrayLength(), Is.EqualTo(3), "nobody was let in");
    }

    private static string[] Certificates(TestAuthority authority, string name)
    {
        var (certificate, key) = authority.Issue(name);
        return
        [
            "--tls.peer_cert", certificate, "--tls.peer_key", key, "--tls.peer_ca", authority.AuthorityPath,
        ];
    }

    private async Task<string> CreateByHttpsAsync(int port)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = TrustAuthority();
        using var client = new HttpClient(handler);
        using var body = new StringContent(
            """{"type":2,"format":"+1h","callback":{"url":"http://127.0.0.1:9/"}}""", Encoding.UTF8);
        using var answer = await client.PostAsync(new Uri($"https://127.0.0.1:{port}/xcron/createTask"), body);
        var text = await answer.Content.ReadAsStringAsync();
        using var document = System.Text.Json.JsonDocument.Parse(text);
        Assert.That(document.RootElement.GetProperty("code").GetInt32(), Is.Zero, text);
        return document.RootElement.GetProperty("data").GetProperty("task_id").GetString()!;
    }

    private async Task ShakeHandsWithoutCertificateAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port);
        await using var stream = new SslStream(socket.GetStream());
        try
        {
            // In TLS 1.3 a client is through before the server has looked: the refusal is what it reads next.
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                CertificateChainPolicy = TrustAuthority(),
                ApplicationProtocols = [SslApplicationProtocol.Http2],
            });
            var read = await stream.ReadAsync(new byte[1]);
            Assert.That(read, Is.Zero, "no HTTP/2 settings come");
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            Assert.That(refused.Message, Is.Not.Empty);
        }
    }

    private X509ChainPolicy TrustAuthority() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _authority.Root },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    private static Task UntilSaidAsync(DaemonProcess daemon, string words) => Eventually.HoldsAsync(
        () => Task.FromResult(daemon.Output.Contains(words, StringComparison.Ordinal)),
        () => $"no \"{words}\" in {daemon.Output}");
}
