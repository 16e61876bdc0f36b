using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>What no well-behaved client sends: each request is answered by an envelope that says why.</summary>
[Category("EndToEnd")]
internal sealed class UnfriendlyClientTests
{
    private const string Create = "POST /xcron/createTask HTTP/1.1\r\nHost: x\r\n";
    private const string Plain = """{"type":2,"format":"+1h","callback":{"url":"http://127.0.0.1:9/"}}""";

    private DirectoryInfo _directory = null!;
    private DaemonProcess _daemon = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-door-");
        _daemon = new DaemonProcess(_directory.FullName, Ports.Free());
        _daemon.Start();
        await _daemon.WaitUntilReadyAsync();
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await _daemon.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    public static object[][] Requests =>
    [
        ["HTTP/1.0", $"POST /xcron/createTask HTTP/1.0\r\nContent-Length: {Plain.Length}\r\n\r\n{Plain}", 200, 0, ""],
        ["chunks", $"{Create}Transfer-Encoding: chunked\r\n\r\n{Plain.Length:x}\r\n{Plain}\r\n0\r\n\r\n", 200, 0, ""],
        ["a type of its own", WithBody(Plain, "Content-Type: text/plain\r\n"), 200, 0, ""],
        ["a space behind", WithBody(Plain + " \r\n"), 200, 0, ""],
        ["nothing", WithBody(""), 400, 1000, "the body is empty"],
        ["no length", $"{Create}\r\n", 400, 1000, "the body is empty"],
        ["null", WithBody("null"), 400, 1000, "the body is null; must be a JSON object"],
        ["a byte order mark", WithBody("\uFEFF" + Plain), 400, 1000, "the body begins with a byte order mark"],
        ["two documents", WithBody(Plain + Plain), 400, 1000, "the body is not JSON at line 1, byte 67"],
        ["a broken chunk", $"{Create}Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, 1000,
            "the body could not be read"],
        ["100 levels", WithBody(new string('[', 100)), 400, 1000, "the body is an array"],
        ["a long path", $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 404, 1031, "no such path"],
        ["a long query", $"GET /xcron/queryTask?{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 400, 1000,
            "unknown query parameter \"aaa"],
        ["a method that is none", "FOO /xcron/stats HTTP/1.1\r\nHost: x\r\n\r\n", 405, 1031, "must be GET"],
        ["no UTF-8 in the path", "GET /xcron/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", 404, 1031, "no such path"],
        ["more than is taken", $"{Create}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n", 413, 1041,
            "max_request_bytes (262144)"],
        ["another site", WithBody(Plain, "Origin: http://elsewhere\r\nContent-Type: text/plain\r\n"), 403, 1061,
            "from another site"],
    ];

    /// <summary>What the web server turns away before there is a request.</summary>
    public static object[][] Heads =>
    [
        ["no Host", "GET /xcron/stats HTTP/1.1\r\n\r\n", 400, 1000, "Host header"],
        ["two Hosts", "GET /xcron/stats HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 1000, "Host header"],
        ["a Host that is none", "GET /xcron/stats HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 1000, "Host header"],
        ["no HTTP", "HELLO\r\n\r\n", 400, 1000, "request line"],
        ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n", 400, 1000, "must be HTTP/1.1"],
        ["a header that is none", "GET /xcron/stats HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400, 1000, "header"],
        ["a target that is none", "GET xcron HTTP/1.1\r\nHost: x\r\n\r\n", 405, 1031, "target"],
        ["a NUL in the path", "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, 1000, "request target"],
        ["HTTP/1.0 without a length", "POST /xcron/createTask HTTP/1.0\r\n\r\n{}", 400, 1000, "Content-Length"],
        ["a negative length", $"{Create}Content-Length: -1\r\n\r\n{{}}", 400, 1000, "content length"],
        ["a coding that is not chunked", $"{Create}Transfer-Encoding: gzip\r\n\r\n{{}}", 400, 1000, "chunked"],
        ["a long header", $"{Create}X: {new string('y', 70_000)}\r\n\r\n", 413, 1041, "at most 65536 bytes"],
        ["a very long path", $"GET /{new string('y', 70_000)} HTTP/1.1\r\n\r\n", 413, 1041, "at most 65536 bytes"],
        ["many headers", $"{Create}{string.Concat(Enumerable.Repeat("a: b\r\n", 150))}\r\n", 413, 1041,
            "too many headers"],
    ];

    [TestCaseSource(nameof(Heads))]
    public Task What_the_server_itself_turns_away_has_an_envelope_too(
        string what, string request, int status, int code, string message) =>
        Every_request_is_answered_in_words(what, request, status, code, message);

    [Test]
    public async Task What_the_server_turns_away_ends_the_connection_after_its_answer()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", _daemon.Ports.Http, limit.Token);
        var stream = socket.GetStream();
        const string Both = "GET /xcron/nope HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Both), limit.Token);
        using var reader = new StreamReader(stream);

        var all = await reader.ReadToEndAsync(limit.Token);

        var second = all[all.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..];
        Assert.That(all, Does.StartWith("HTTP/1.1 404 "));
        Assert.That(second, Does.StartWith("HTTP/1.1 400 ").And.Contain("Connection: close"));
        Assert.That(second, Does.EndWith("\r\n\r\n"), "a HEAD has an answer without a body");
    }

    [TestCase("GET / HTTP/7.3\r\nHost: x\r\n\r\n", "HTTP/1.1 505 ")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\u0008\u0007", Description = "the head of a GOAWAY")]
    public async Task Another_version_of_HTTP_gets_the_server_s_own_answer_whole(string request, string answer)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", _daemon.Ports.Http, limit.Token);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), limit.Token);
        var received = new MemoryStream();

        await stream.CopyToAsync(received, limit.Token);

        var all = Encoding.Latin1.GetString(received.ToArray());
        Assert.That(all, Does.StartWith(answer));
        Assert.That(all, Does.Not.Contain("uuid"));
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Every_request_is_answered_in_words(
        string what, string request, int status, int code, string message)
    {
        var (head, body) = await AskAsync(request);

        using var answer = JsonDocument.Parse(body);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(head, Does.StartWith($"HTTP/1.1 {status} "), what);
            Assert.That(answer.RootElement.GetProperty("code").GetInt32(), Is.EqualTo(code), body);
            Assert.That(head, Does.Contain($"X-Request-Id: {answer.RootElement.GetProperty("uuid").GetString()}"));
            if (code != 0)
                Assert.That(answer.RootElement.GetProperty("message").GetString(), Does.Contain(message));
        }
    }

    private static string WithBody(string body, string headers = "") =>
        $"{Create}{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    private async Task<(string Head, string Body)> AskAsync(string request)
    {
        const string LengthHeader = "Content-Length: ";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", _daemon.Ports.Http, limit.Token);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), limit.Token);
        var received = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var count = await stream.ReadAsync(buffer, limit.Token);
            received.Write(buffer, 0, count);
            var text = Encoding.UTF8.GetString(received.ToArray());
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0 && count > 0)
                continue;

            Assert.That(end, Is.Positive, $"the connection ended with {text}");
            var head = text[..end];
            var body = text[(end + 4)..];
            var length = head.Split("\r\n").Single(line => line.StartsWith(LengthHeader, StringComparison.Ordinal));
            if (count == 0 || Encoding.UTF8.GetByteCount(body) >= int.Parse(length[LengthHeader.Length..]))
                return (head, body);
        }
    }
}
