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
