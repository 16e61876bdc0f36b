using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Firing;

/// <summary>
/// What a target may do to its caller, each on a real socket: the attempt ends, within its time and within bounded
/// bytes, and says why.
/// </summary>
[CancelAfter(20_000)]
internal sealed class MisbehavingTargetTests
{
    private const int TimeoutMs = 1500;

    /// <summary>What sockets may have taken in beyond what the other side has read.</summary>
    private const long SocketBufferBytes = 16 * 1024 * 1024;

    private ManualClock _clock = null!;
    private CallbackSender _sender = null!;
    private RawTarget _target = null!;

    [SetUp]
    public void SetUp()
    {
        _clock = new ManualClock(1_581_823_755_999);
        var options = new FiringOptions();
        _sender = new CallbackSender(
            CallbackSender.CreateHandler(options, _clock), options, _clock, NullLogger.Instance);
        _target = new RawTarget();
    }

    [TearDown]
    public void TearDown()
    {
        _sender.Dispose();
        _target.Dispose();
    }

    [TestCase("")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Le")]
    public async Task A_reset_before_the_answer_is_a_failure(string before, CancellationToken token)
    {
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, before, cancellation);
                Reset(stream);
            },
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, Error = "connection reset" }));
    }

    [Test]
    public async Task A_request_that_gets_no_answer_is_sent_once(
        [Values("POST", "GET", "DELETE")] string method, [Values] bool isOnUsedConnection, CancellationToken token)
    {
        var requests = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var serving = ServeAsync();
        if (isOnUsedConnection)
        {
            var first = await SendAsync(_target.Url, TimeoutMs, token, method);
            Assert.That(first.IsOk, Is.True);
        }

        var answer = await SendAsync(_target.Url, TimeoutMs, token, method);
        await stop.CancelAsync();
        Assert.That(async () => await serving, Throws.InstanceOf<OperationCanceledException>());

        Assert.That(answer.Error, Is.EqualTo("connection closed before the answer"));
        Assert.That(requests, Is.EqualTo(isOnUsedConnection ? 2 : 1));

        async Task ServeAsync()
        {
            while (true)
            {
                await _target.AcceptAsync(
                    async (stream, cancellation) =>
                    {
                        while (await ReadRequestAsync(stream, method, cancellation))
                        {
                            requests++;
                            if (!isOnUsedConnection || requests > 1)
                                return;
                            await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", cancellation);
                        }
                    },
                    stop.Token);
            }
        }
    }

    [Test]
    public async Task A_connection_that_the_target_has_ended_meanwhile_is_not_used_again(
        [Values("POST", "GET")] string method, CancellationToken token)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var bodyBytes = method == "GET" ? 0 : 2;
            var serving = _target.ServeAsync(bodyBytes, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", token);
            var answer = await SendAsync(_target.Url, TimeoutMs, token, method);
            await serving;

            Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
        }
    }

    [Test]
    public async Task An_answer_that_ends_with_its_connection_is_read_to_its_end(CancellationToken token)
    {
        var answer = await AnswerAsync(
            (stream, cancellation) => WriteAsync(stream, "HTTP/1.0 200 OK\r\n\r\nto the end", cancellation), token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
    }

    [Test]
    public async Task A_reset_in_the_body_leaves_what_the_status_said(CancellationToken token)
    {
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", cancellation);
                await _clock.TimerWithinAsync(CallbackSender.DrainMs).WaitAsync(cancellation);
                Reset(stream);
            },
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
    }

    [TestCase("HTTP/1.1 200 OK\r\nX: ", "a", "the answer's headers are too long")]
    [TestCase("HTTP/1.1 200 OK\r\n", "X-Many: 1\r\n", "the answer's headers are too long")]
    [TestCase("HTTP/1.1 200 ", "a", "the answer's headers are too long")]
    [TestCase("", "a", "the answer's headers are too long")]
    [TestCase("", "HTTP/1.1 100 Continue\r\n\r\n", "the answer's headers are too long")]
    [TestCase("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "the answer's headers are too long")]
    public async Task What_never_comes_to_an_end_is_cut_off(
        string start, string repeated, string error, CancellationToken token)
    {
        var written = 0L;
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, start, cancellation);
                written = await WriteUntilClosedAsync(stream, repeated, cancellation);
            },
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, Error = error }));
        Assert.That(written, Is.LessThan(SocketBufferBytes));
    }

    [TestCase("Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n1;", "extension")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: 1\r\n")]
    [TestCase("Content-Length: 99999999999\r\n\r\n", "x")]
    public async Task A_body_without_an_end_is_cut_off_and_the_status_counts(
        string framing, string repeated, CancellationToken token)
    {
        var written = 0L;
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, $"HTTP/1.1 500 Oops\r\n{framing}", cancellation);
                written = await WriteUntilClosedAsync(stream, repeated, cancellation);
            },
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, HttpStatus = 500, Error = "HTTP 500" }));
        Assert.That(written, Is.LessThan(SocketBufferBytes));
    }

    [Test]
    public async Task Headers_that_drip_end_with_the_attempt_s_time(CancellationToken token)
    {
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nX: ", cancellation);
                await DripAsync(stream, cancellation);
            },
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, Error = "timed out after 1.5 s" }));
    }

    [Test]
    public async Task A_body_that_drips_is_not_waited_for(CancellationToken token)
    {
        var startMs = _clock.NowMs;
        var answer = await AnswerAsync(
            async (stream, cancellation) =>
            {
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", cancellation);
                await _clock.TimerWithinAsync(CallbackSender.DrainMs).WaitAsync(cancellation);
                _clock.Advance(CallbackSender.DrainMs);
                await WriteUntilClosedAsync(stream, "x", cancellation);
            },
            token,
            timeoutMs: 1_800_000);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
        Assert.That(_clock.NowMs - startMs, Is.EqualTo(CallbackSender.DrainMs));
    }

    [TestCase("HTTP/1.1 100 Continue\r\n\r\n")]
    [TestCase("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")]
    public async Task What_is_said_before_the_answer_is_passed_over(string before, CancellationToken token)
    {
        var answer = await AnswerAsync(
            (stream, cancellation) =>
                WriteAsync(stream, $"{before}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", cancellation),
            token);

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = true, HttpStatus = 200 }));
    }

    [Test]
    public async Task A_switch_of_protocols_is_no_success(CancellationToken token)
    {
        var answer = await AnswerAsync(
            (stream, cancellation) => WriteAsync(
                stream, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", cancellation),
            token);

        Assert.That(answer.IsOk, Is.False);
    }

    [Test]
    public async Task A_certificate_that_nobody_vouches_for_gets_no_request(CancellationToken token)
    {
        using var certificate = SelfSigned();
        var received = -1;
        var serving = _target.AcceptAsync(
            async (stream, cancellation) =>
            {
                await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
                try
                {
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancellation);
                    received = await tls.ReadAsync(new byte[1], cancellation);
                }
                catch (Exception exception) when (exception is IOException
                    or System.Security.Authentication.AuthenticationException)
                {
                    received = 0;
                }
            },
            token);

        var answer = await SendAsync($"https://127.0.0.1:{_target.Port}/", TimeoutMs, token);
        await serving;

        Assert.That(answer.Error, Does.StartWith("TLS: "));
        Assert.That(received, Is.Zero);
    }

    [Test]
    public async Task Plain_HTTP_where_TLS_was_meant_is_a_failure(CancellationToken token)
    {
        var serving = _target.AcceptAsync(
            (stream, cancellation) => WriteAsync(stream, "HTTP/1.1 400 Bad Request\r\n\r\n", cancellation), token);

        var answer = await SendAsync($"https://127.0.0.1:{_target.Port}/", TimeoutMs, token);
        await serving;

        Assert.That(answer.Error, Does.StartWith("TLS: "));
    }

    [Test]
    public async Task A_handshake_that_is_not_answered_ends_with_the_attempt_s_time(CancellationToken token)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var serving = _target.AcceptAsync(
            async (stream, cancellation) =>
            {
                await stream.ReadExactlyAsync(new byte[1], cancellation);
                _clock.Advance(TimeoutMs);
                await release.Task.WaitAsync(cancellation);
            },
            token);

        var answer = await SendAsync($"https://127.0.0.1:{_target.Port}/", TimeoutMs, token);
        release.SetResult();
        await serving;

        Assert.That(answer, Is.EqualTo(new CallbackAnswer { IsOk = false, Error = "timed out after 1.5 s" }));
    }

    private async Task<CallbackAnswer> AnswerAsync(
        Func<NetworkStream, CancellationToken, Task> answer, CancellationToken token, long timeoutMs = TimeoutMs)
    {
        var serving = _target.ServeAsync(2, answer, token);
        var received = await SendAsync(_target.Url, timeoutMs, token);
        await serving;
        return received;
    }

    private Task<CallbackAnswer> SendAsync(
        string url, long timeoutMs, CancellationToken token, string method = "POST")
    {
        var definition = Definitions.OneShot(url);
        definition.Method = method;
        definition.TimeoutMs = timeoutMs;
        var record = new TaskRecord
        {
            Id = new TaskId(7),
            CreateTimeMs = 1,
            Definition = [],
            Revision = 1,
            Phase = TaskPhase.Scheduled,
            Run = new OpenRun { Sequence = 1, ScheduledMs = 1_581_823_751_042, Attempt = 1 },
        };
        return _sender.SendAsync(record, definition, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", token);
    }

    /// <summary>Reads a request to its end; false where the connection ended before it.</summary>
    private static async Task<bool> ReadRequestAsync(NetworkStream stream, string method, CancellationToken token)
    {
        var end = method == "GET" ? "\r\n\r\n" : "\r\n\r\n{}";
        var text = "";
        var buffer = new byte[4096];
        while (!text.EndsWith(end, StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, token);
            if (read == 0)
                return false;
            text += Encoding.Latin1.GetString(buffer, 0, read);
        }

        return true;
    }

    private async Task DripAsync(NetworkStream stream, CancellationToken token)
    {
        try
        {
            for (var drop = 0; drop < TimeoutMs / 100; drop++)
            {
                await WriteAsync(stream, "a", token);
                _clock.Advance(100);
            }
        }
        catch (IOException)
        {
            // The caller has hung up.
        }
    }

    private static async Task<long> WriteUntilClosedAsync(NetworkStream stream, string text, CancellationToken token)
    {
        var many = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(text, 1 + (16 * 1024 / text.Length))));
        var written = 0L;
        try
        {
            while (true)
            {
                await stream.WriteAsync(many, token);
                written += many.Length;
            }
        }
        catch (IOException)
        {
            return written;
        }
    }

    private static Task WriteAsync(NetworkStream stream, string text, CancellationToken token) =>
        stream.WriteAsync(Encoding.Latin1.GetBytes(text), token).AsTask();

    private static void Reset(NetworkStream stream)
    {
        stream.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        stream.Socket.Close();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
