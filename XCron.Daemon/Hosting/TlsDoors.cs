using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using XCron.Daemon.Tls;

namespace XCron.Daemon.Hosting;

/// <summary>TLS on a port of the web server; each connection asks for the certificate that is in force.</summary>
internal static class TlsDoors
{
    private const byte HandshakeRecord = 0x16;
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    public static void Secure(this ListenOptions listen, HttpTls tls) =>
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeLimit,
            OnConnection = _ => ValueTask.FromResult(tls.ServerOptions()),
        });

    public static void Secure(this ListenOptions listen, PeerTls tls)
    {
        listen.Use(next => connection => PassTlsAsync(connection, next, tls));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeLimit,
            OnConnection = context => ValueTask.FromResult(tls.ServerOptions(context.Connection.RemoteEndPoint)),
        });
    }

    /// <summary>
    /// A node that was not given its certificates speaks plainly, which the handshake would turn away without a word.
    /// </summary>
    private static async Task PassTlsAsync(ConnectionContext connection, ConnectionDelegate next, PeerTls tls)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(HandshakeLimit);
        try
        {
            var input = connection.Transport.Input;
            var first = await input.ReadAsync(limit.Token);
            var isTls = !first.Buffer.IsEmpty && first.Buffer.FirstSpan[0] == HandshakeRecord;
            var isPlain = !first.Buffer.IsEmpty && !isTls;
            input.AdvanceTo(first.Buffer.Start);
            if (isPlain)
                tls.TellOfPlaintext(connection.RemoteEndPoint);
            if (!isTls)
                return;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return; // it said nothing, or left
        }

        await next(connection);
    }
}
