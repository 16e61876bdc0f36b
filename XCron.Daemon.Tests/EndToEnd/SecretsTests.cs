using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>A daemon with every secret there is, at its most talkative.</summary>
[Category("EndToEnd")]
internal sealed class SecretsTests
{
    private const string ReadKey = "read-key-0123456789abcdef";
    private const string AdminKey = "admin-key-0123456789abcdef";
    private const string WrongKey = "wrong-key-0123456789abcdef";
    private const string SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string PeerSecret = "peer-secret-0123456789abcdef";

    private DirectoryInfo _directory = null!;
    private CallbackReceiver _receiver = null!;
    private DaemonProcess _daemon = null!;
    private HttpClient _http = null!;

    [SetUp]
    public async Task SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-e2e-");
        _receiver = await CallbackReceiver.StartAsync();
        _daemon = new DaemonProcess(
            _directory.FullName,
            Ports.Free(),
            "--auth.api_keys",
            $"read:{ApiKeyHash.Hash(ReadKey)},admin:{ApiKeyHash.Hash(AdminKey)}",
            "--callback.signing_secrets",
            SigningSecret,
            "--peer.shared_secret",
            PeerSecret,
            "--log.level",
            "trace");
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_daemon.Ports.Http}") };
        _daemon.Start();
        await _daemon.WaitUntilReadyAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        _http.Dispose();
        await _daemon.DisposeAsync();
        await _receiver.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Test]
    public async Task No_secret_is_ever_in_a_log_or_an_answer_and_callbacks_are_signed()
    {
        var dueSeconds = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;
        var created = await SendAsync(AdminKey, "/xcron/createTask", $$"""
            {"type":2,"format":"{{dueSeconds}}","name":"signed","callback":{"url":"{{_receiver.Url}}","body":{"a":1} } }
            """);
        Assert.That(created.Status, Is.EqualTo(HttpStatusCode.OK), created.Text);
        var callback = (await _receiver.WaitForAsync(1, TimeSpan.FromSeconds(10))).Single();

        var export = await SendAsync(AdminKey, "/xcron/export");
        var answers = new List<(HttpStatusCode Status, string Text)> { created, export };
        string[] reads =
        [
            "/xcron/queryTask?name=signed", "/xcron/listTasks", "/xcron/cluster", "/xcron/stats", "/openapi/v1.json",
            "/xcron/previewSchedule?format=@daily", "/nowhere",
        ];
        foreach (var path in reads)
        {
            answers.Add(await SendAsync(ReadKey, path));
            answers.Add(await SendAsync(WrongKey, path));
            answers.Add(await SendAsync(null, path));
        }

        answers.Add(await SendAsync(ReadKey, "/xcron/createTask", "{}"));
        answers.Add(await SendAsync(AdminKey, "/xcron/import", export.Text));
        await _daemon.StopAsync(TimeSpan.FromSeconds(15));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers[2].Text, Does.Contain("\"name\":\"signed\""));
            Assert.That(answers[3].Status, Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(answers[4].Status, Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(answers[^2].Status, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(answers[^1].Status, Is.EqualTo(HttpStatusCode.OK), answers[^1].Text);
            Assert.That(callback.Headers["webhook-signature"], Is.EqualTo(SignatureOf(callback.Headers)));
            foreach (var secret in (string[])[ReadKey, AdminKey, WrongKey, SigningSecret[6..], PeerSecret])
            {
                Assert.That(answers.Select(answer => answer.Text), Has.None.Contains(secret));
                Assert.That(_daemon.Output, Does.Not.Contain(secret));
            }

            Assert.That(_daemon.Output, Does.Contain("Listening on").And.Not.Contain("No [auth] api_keys"));
        }
    }

    [Test]
    public async Task A_thousand_tasks_stream_out_and_the_same_stream_in_again_changes_nothing()
    {
        var path = new string('x', 500);
        var task = $$"""{"type":1,"format":"@yearly","callback":{"url":"{{_receiver.Url}}/{{path}}"} }""";
        var tasks = $$"""{"tasks":[{{string.Join(',', Enumerable.Repeat(task, 400))}}]}""";
        for (var batch = 0; batch < 3; batch++)
        {
            var created = await SendAsync(AdminKey, "/xcron/createTasks", tasks);
            Assert.That(created.Status, Is.EqualTo(HttpStatusCode.OK), created.Text);
        }

        var export = await SendAsync(AdminKey, "/xcron/export");
        var import = await SendAsync(AdminKey, "/xcron/import", export.Text);

        using var answer = JsonDocument.Parse(import.Text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(export.Text.Length, Is.GreaterThan(256 * 1024), "more than a request may otherwise have");
            Assert.That(export.Text.Count(character => character == '\n'), Is.EqualTo(1200));
            Assert.That(answer.RootElement.GetProperty("data").GetProperty("unchanged").GetInt32(), Is.EqualTo(1200));
        }
    }

    [Test]
    public async Task A_daemon_without_secrets_says_at_its_start_what_stands_open()
    {
        var directory = Directory.CreateTempSubdirectory("xcron-e2e-");
        var (ports, other) = (Ports.Free(), Ports.Free());
        await using (var open = new DaemonProcess(
            directory.FullName, ports, "--peer.peer_hosts", $"127.0.0.1:{ports.Peer},127.0.0.1:{other.Peer}"))
        {
            open.Start();
            await open.WaitUntilLiveAsync(); // it cannot be ready without the other
            await open.StopAsync(TimeSpan.FromSeconds(15));

            using (Assert.EnterMultipleScope())
            {
                Assert.That(open.Output, Does.Match(@"(?m)info: .*No \[auth\] api_keys are configured"));
                Assert.That(open.Output, Does.Match(@"(?m)warn: .*Neither \[peer\] shared_secret nor \[tls\]"));
            }
        }

        directory.Delete(recursive: true);
    }

    private static string SignatureOf(IReadOnlyDictionary<string, string> headers)
    {
        var signed = $$"""{{headers["webhook-id"]}}.{{headers["webhook-timestamp"]}}.{"a":1}""";
        var mac = HMACSHA256.HashData(Convert.FromBase64String(SigningSecret[6..]), Encoding.UTF8.GetBytes(signed));
        return $"v1,{Convert.ToBase64String(mac)}";
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(string? key, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(
            body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body);
        if (key is not null)
            request.Headers.Add("X-Api-Key", key);
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
