using System.Net;
using System.Net.Sockets;

namespace XCron.Daemon.Firing;

/// <summary>
/// Opens the connections of callbacks. The rules are asked about the very address that is then connected to, so that a
/// name that resolves differently the second time gets around nothing.
/// </summary>
internal sealed class CallbackConnector(CallbackRules rules, NameLookups names, TimeProvider time)
{
    /// <summary>Where a name has several addresses, one that is silent gives way to the next after this.</summary>
    private static readonly TimeSpan OneOfSeveral = TimeSpan.FromSeconds(2);

    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        var addresses = IPAddress.TryParse(endPoint.Host, out var literal)
            ? [literal]
            : await names.FindAsync(endPoint.Host, cancellationToken);
        var allowed = Array.FindAll(addresses, rules.Allows);
        if (allowed.Length == 0)
            throw new CallbackRefusedException(addresses.Length == 0
                ? $"host {endPoint.Host} has no address"
                : $"address {addresses[0]} is not allowed");

        for (var i = 0; i < allowed.Length - 1; i++)
        {
            using var patience = new CancellationTokenSource(OneOfSeveral, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                return await ConnectAsync(allowed[i], endPoint.Port, linked.Token);
            }
            catch (SocketException)
            {
                // The next address may do; the last one's error is told.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Silent; likewise.
            }
        }

        return await ConnectAsync(allowed[^1], endPoint.Port, cancellationToken);
    }

    private static async ValueTask<Stream> ConnectAsync(
        IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
