using System.Net;
using System.Net.Sockets;
using System.Text;

namespace XCron.Daemon.Tests.Firing;

/// <summary>A target on the loopback that takes one connection after the other and answers with given bytes.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawTarget() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}/hook?a=1";

    /// <summary>Takes a request of this many body bytes, sends the answer, and returns the request's text.</summary>
    public async Task<string> ServeAsync(
        int bodyBytes, Func<NetworkStream, CancellationToken, Task> answer, CancellationToken cancellationToken)
    {
        using var client = await _listener.AcceptTcpClientAsync(cancellationToken);
        await using var stream = client.GetStream();
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var end = text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && text.Length >= end + 4 + bodyBytes)
                break;
            var read = await stream.ReadAsync(buffer, cancellationToken);
            Assert.That(read, Is.GreaterThan(0), "the request ended early");
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        await answer(stream, cancellationToken);
        return text.ToString();
    }

    /// <summary>Takes a connection and leaves all that is said on it to the caller.</summary>
    public async Task AcceptAsync(
        Func<NetworkStream, CancellationToken, Task> talk, CancellationToken cancellationToken)
    {
        using var client = await _listener.AcceptTcpClientAsync(cancellationToken);
        await using var stream = client.GetStream();
        await talk(stream, cancellationToken);
    }

    public Task<string> ServeAsync(int bodyBytes, string answer, CancellationToken cancellationToken) =>
        ServeAsync(
            bodyBytes,
            async (stream, token) => await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), token),
            cancellationToken);

    public void Dispose() => _listener.Dispose();
}
