using System.Net;
using System.Net.Sockets;
using System.Text;

namespace bench;

/// <summary>
/// The profile of <c>ab -c 200 -n 10000</c>: so many connections, each sending its next request when the last one is
/// answered; without keep-alive every request has a connection of its own. Anything but a 200 with code 0 is an error.
/// </summary>
internal sealed class AbLoad
{
    private const int Connections = 200;

    private readonly IPEndPoint[] _targets;
    private readonly bool _keepAlive;
    private readonly byte[] _request;

    public AbLoad(int[] ports, bool keepAlive)
    {
        _targets = Array.ConvertAll(ports, port => new IPEndPoint(IPAddress.Loopback, port));
        _keepAlive = keepAlive;
        var due = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 864_000;
        var body = "{\"type\":1,\"format\":\"" + due
            + "\",\"callback\":{\"url\":\"http://127.0.0.1:9/x\",\"body\":{\"mail_id\":1001}}}";
        _request = Encoding.ASCII.GetBytes(
            "POST /xcron/createTask HTTP/1." + (keepAlive ? "1" : "0") + "\r\nHost: 127.0.0.1\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>Runs them all and returns when the last is answered.</summary>
    public async Task RunAsync(int requests)
    {
        var left = requests;
        var workers = new Task[Connections];
        for (var i = 0; i < Connections; i++)
        {
            var target = _targets[i % _targets.Length];
            workers[i] = WorkAsync(target, () => Interlocked.Decrement(ref left) >= 0);
        }

        await Task.WhenAll(workers);
    }

    private async Task WorkAsync(IPEndPoint target, Func<bool> takeOne)
    {
        var buffer = new byte[4096];
        Socket? socket = null;
        try
        {
            while (takeOne())
            {
                socket ??= await ConnectAsync(target);
                await socket.SendAsync(_request);
                await ReadAnswerAsync(socket, buffer);
                if (_keepAlive)
                    continue;

                socket.Dispose();
                socket = null;
            }
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint target)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target);
        return socket;
    }

    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer)
    {
        var count = 0;
        while (!IsWhole(buffer.AsSpan(0, count)))
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(count));
            if (read == 0)
                throw new IOException($"the connection ended after: {Encoding.ASCII.GetString(buffer, 0, count)}");
            count += read;
        }

        var answer = buffer.AsSpan(0, count);
        if (answer.IndexOf(" 200 "u8) < 0 || answer.IndexOf("\"code\":0"u8) < 0)
            throw new IOException($"not a success: {Encoding.ASCII.GetString(answer)}");
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var headersEnd = answer.IndexOf("\r\n\r\n"u8);
        if (headersEnd < 0)
            return false;

        var lengthName = answer.IndexOf("Content-Length: "u8);
        if (lengthName < 0)
            throw new IOException("the answer has no Content-Length");
        var length = answer[(lengthName + "Content-Length: ".Length)..];
        return System.Buffers.Text.Utf8Parser.TryParse(length, out int bodyBytes, out _)
            && answer.Length >= headersEnd + 4 + bodyBytes;
    }
}
