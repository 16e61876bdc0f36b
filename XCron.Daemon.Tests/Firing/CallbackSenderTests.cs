using System.Net;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Firing;

/// <summary>What goes over the wire and how answers are judged, on the loopback.</summary>
[CancelAfter(20_000)]
internal sealed class CallbackSenderTests
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private ManualClock _clock = null!;
    private CallbackSender _sender = null!;
    private RawTarget _target = null!;

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock(1_581_823_755_999);
        _sender = Sender(new FiringOptions { UserAgent = "xcron/9.9.9" });
        _target = new RawTarget();
    }

    [TearDown]
    public void TearDown()
    {
        _sender.Dispose();
        _target.Dispose();
    }

    [Test]
    public async Task The_request_is_what_the_contract_says_byte_for_byte(CancellationToken token)
    {
        const string Body = "{ \"b\": 1.50, \"a\":\"\\u00e9\" }";
        var definition = Definitions.OneShot(_target.Url);
        definition.Name = "settle/night";
        definition.Body = ByteString.CopyFromUtf8(Body);
        definition.Headers.Add(new Header { Name = "Authorization", Value = "Bearer x" });

        var serving = _target.ServeAsync(Body.Length, Ok, token);
        var answer = await SendAsync(definition, token);

        var request = await serving;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
            Assert.That(request, Is.EqualTo(
                "POST /hook?a=1 HTTP/1.1\r\n"
                + $"Host: 127.0.0.1:{_target.Port}\r\n"
                + "X-Xcron-Task-Id: 289057701458138645\r\n"
                + "X-Xcron-Task-Name: settle/night\r\n"
                + "X-Xcron-Run-Id: 289057701458138645-3\r\n"
                + "X-Xcron-Scheduled-Time: 1581823751.042\r\n"
                + "X-Xcron-Attempt: 2\r\n"
                + "webhook-id: 289057701458138645-3\r\n"
                + "webhook-timestamp: 1581823755\r\n"
                + "Authorization: Bearer x\r\n"
                + "User-Agent: xcron/9.9.9\r\n"
                + $"traceparent: {TraceParent}\r\n"
                + "Content-Type: application/json\r\n"
                + $"Content-Length: {Body.Length}\r\n\r\n"
                + Body));
        }
    }

    [Test]
    public async Task Without_a_body_an_empty_object_is_sent_and_without_a_name_no_name(CancellationToken token)
    {
        var serving = _target.ServeAsync(2, Ok, token);
        await SendAsync(Definitions.OneShot(_target.Url), token);

        var request = await serving;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request, Does.EndWith("Content-Length: 2\r\n\r\n{}"));
            Assert.That(request, Does.Not.Contain("X-Xcron-Task-Name"));
        }
    }

    [Test]
    public async Task The_users_headers_take_the_place_of_ours(CancellationToken token)
    {
        var definition = Definitions.OneShot(_target.Url);
        definition.Headers.Add(new Header { Name = "content-type", Value = "application/cloudevents+json" });
        definition.Headers.Add(new Header { Name = "user-agent", Value = "mine" });

        var serving = _target.ServeAsync(2, Ok, token);
        await SendAsync(definition, token);

        var request = await serving;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request, Does.Contain("application/cloudevents+json"));
            Assert.That(request, Does.Not.Contain("application/json\r\n"));
            Assert.That(request, Does.Contain(": mine\r\n"));
            Assert.That(request, Does.Not.Contain("xcron/9.9.9"));
        }
    }

    [Test]
    public async Task With_secrets_the_body_is_signed_by_each_as_Standard_Webhooks_has_it(CancellationToken token)
    {
        string[] texts = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];
        var secrets = texts.Select(text => SigningSecret.TryParse(text, out var secret) ? secret : null!).ToArray();
        using var sender = Sender(new FiringOptions { SigningSecrets = secrets });

        var serving = _target.ServeAsync(2, Ok, token);
        await sender.SendAsync(Record(), Definitions.OneShot(_target.Url), TraceParent, token);

        var signed = Encoding.UTF8.GetBytes("289057701458138645-3.1581823755.{}");
        var expected = texts.Select(text => Convert.ToBase64String(
            System.Security.Cryptography.HMACSHA256.HashData(Convert.FromBase64String(text[6..]), signed)));
        Assert.That(
            await serving, Does.Contain($"\r\nwebhook-signature: v1,{string.Join(" v1,", expected)}\r\n"));
    }

    [Test]
    public async Task A_get_has_no_body(CancellationToken token)
    {
        var definition = Definitions.OneShot(_target.Url);
        definition.Method = "GET";

        var serving = _target.ServeAsync(0, Ok, token);
        await SendAsync(definition, token);

        var request = await serving;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request, Does.StartWith("GET /hook?a=1 HTTP/1.1\r\n"));
            Assert.That(request, Does.Not.Contain("Content-").And.EndsWith("\r\n\r\n"));
        }
    }

    [TestCase("204 No Content", true, "")]
    [TestCase("500 Internal Server Error", false, "HTTP 500")]
    [TestCase("302 Found\r\nLocation: /else", false, "HTTP 302; redirects are not followed")]
    public async Task Only_2xx_is_success(string status, bool isOk, string error, CancellationToken token)
    {
        var answer = await AnswerAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n", token);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.IsOk, Is.EqualTo(isOk));
            Assert.That(answer.Error, Is.EqualTo(error));
            Assert.That(answer.IsFinal, Is.False);
        }
    }

    [Test]
    public async Task Gone_ends_the_attempts_and_says_so(CancellationToken token)
    {
        var answer = await AnswerAsync("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer
        {
            IsOk = false,
            HttpStatus = 410,
            Error = "HTTP 410",
            IsFinal = true,
            IsGone = true,
        }));
    }

    [Test]
    public async Task A_target_may_want_no_retry(CancellationToken token)
    {
        var answer = await AnswerAsync(
            "HTTP/1.1 500 Oops\r\nx-xcron-no-retry: True\r\nContent-Length: 0\r\n\r\n", token);

        Assert.That(answer.IsFinal, Is.True);
    }

    [TestCase("429 Slow", "120", 120_000)]
    [TestCase("503 Busy", "Sun, 16 Feb 2020 03:29:30 GMT", 14_001)]
    [TestCase("503 Busy", "Sun, 16 Feb 2020 00:00:00 GMT", 0)]
    [TestCase("503 Busy", "soon", 0)]
    [TestCase("500 Oops", "120", 0)]
    public async Task Retry_after_is_read_as_seconds_or_as_a_date(
        string status, string value, long expectedMs, CancellationToken token)
    {
        var answer = await AnswerAsync(
            $"HTTP/1.1 {status}\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n", token);

        Assert.That(answer.RetryAfterMs, Is.EqualTo(expectedMs));
    }

    [Test]
    public async Task An_endless_answer_is_cut_off_and_its_status_counts(CancellationToken token)
    {
        var written = 0L;
        var serving = _target.ServeAsync(
            2,
            async (stream, cancellation) =>
            {
                var chunk = new byte[16 * 1024];
                await stream.WriteAsync(Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\n\r\n"), cancellation);
                try
                {
                    while (true)
                    {
                        await stream.WriteAsync(chunk, cancellation);
                        written += chunk.Length;
                    }
                }
                catch (IOException)
                {
                    // Cut off, as it should be.
                }
            },
            token);

        var answer = await SendAsync(Definitions.OneShot(_target.Url), token);

        await serving;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.IsOk, Is.True);
            Assert.That(written, Is.LessThan(64 * 1024 * 1024), "more only fills the sockets' buffers");
        }
    }

    [Test]
    public async Task A_silent_target_times_out(CancellationToken token)
    {
        var definition = Definitions.OneShot(_target.Url);
        definition.TimeoutMs = 1500;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var serving = _target.ServeAsync(
            2,
            (_, _) =>
            {
                _clock.Advance(1500);
                return release.Task;
            },
            token);

        var answer = await SendAsync(definition, token);

        release.SetResult();
        await serving;
        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, Error = "timed out after 1.5 s" }));
    }

    [Test]
    public async Task A_connection_that_is_closed_is_a_failure(CancellationToken token)
    {
        var answer = await AnswerAsync("", token);

        Assert.That(answer, Is.EqualTo(
            new CallbackAnswer { IsOk = false, Error = "connection closed before the answer" }));
    }

    [Test]
    public async Task What_is_not_http_is_a_failure(CancellationToken token)
    {
        var answer = await AnswerAsync("220 mail.test ESMTP\r\n\r\n", token);

        Assert.That(answer.Error, Is.EqualTo("the answer is not HTTP"));
    }

    [Test]
    public async Task Nobody_listening_is_a_refused_connection(CancellationToken token)
    {
        var url = _target.Url;
        _target.Dispose();

        var answer = await SendAsync(Definitions.OneShot(url), token);

        Assert.That(answer.Error, Is.EqualTo("connection refused"));
    }

    [TestCase("http://169.254.169.254/latest/meta-data", "address 169.254.169.254 is not allowed")]
    [TestCase("http://[::ffff:a9fe:a9fe]/", "address ::ffff:169.254.169.254 is not allowed")]
    public async Task A_forbidden_address_is_not_connected_to(string url, string error, CancellationToken token)
    {
        var answer = await SendAsync(Definitions.OneShot(url), token);

        Assert.That(answer.Error, Is.EqualTo(error));
    }

    [Test]
    public async Task A_denied_network_is_not_connected_to_by_name_either(CancellationToken token)
    {
        using var sender = Sender(new FiringOptions
        {
            DeniedNetworks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")],
        });

        var answer = await sender.SendAsync(
            Record(), Definitions.OneShot($"http://localhost:{_target.Port}/"), TraceParent, token);

        Assert.That(answer.Error, Does.Match("^address (127.0.0.1|::1) is not allowed$"));
    }

    [Test]
    public async Task A_url_that_is_none_is_a_failure_and_no_defect(CancellationToken token)
    {
        var answer = await SendAsync(Definitions.OneShot("ftp://target.test/"), token);

        Assert.That(answer.Error, Is.Not.Empty);
    }

    [Test]
    public async Task An_attempt_that_is_cut_off_by_a_stop_has_no_result(CancellationToken token)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var serving = _target.ServeAsync(
            2,
            (_, _) =>
            {
                stop.Cancel();
                return release.Task;
            },
            token);

        var answer = await SendAsync(Definitions.OneShot(_target.Url), stop.Token);

        release.SetResult();
        await serving;
        Assert.That(answer.IsCutOff, Is.True);
    }

    private async Task<CallbackAnswer> AnswerAsync(string response, CancellationToken token)
    {
        var serving = _target.ServeAsync(2, response, token);
        var answer = await SendAsync(Definitions.OneShot(_target.Url), token);
        await serving;
        return answer;
    }

    private Task<CallbackAnswer> SendAsync(TaskDefinition definition, CancellationToken token) =>
        _sender.SendAsync(Record(), definition, TraceParent, token);

    private CallbackSender Sender(FiringOptions options) =>
        new(CallbackSender.CreateHandler(options, _clock), options, _clock, NullLogger.Instance);

    private static TaskRecord Record() => new()
    {
        Id = new TaskId(289057701458138645),
        CreateTimeMs = 1,
        Definition = [],
        Revision = 1,
        Phase = TaskPhase.Scheduled,
        Run = new OpenRun { Sequence = 3, ScheduledMs = 1_581_823_751_042, Attempt = 2 },
    };
}
