using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Stands before the peer port of one node: hands each byte on when the link of its direction lets it. Which node is at
/// the other end, the kernel tells.
/// </summary>
internal sealed class PeerProxy : IAsyncDisposable
{
    private const int ChunkBytes = 64 * 1024;

    private readonly int _node;
    private readonly int _peerPort;
    private readonly Func<int[]> _processes;
    private readonly Func<int, int, PeerLink> _linkOf;
    private readonly int _seed;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, Connection> _connections = new();
    private readonly Task _accepting;

    public PeerProxy(
        int node, int port, int peerPort, Func<int[]> processes, Func<int, int, PeerLink> linkOf, int seed)
    {
        _node = node;
        _peerPort = peerPort;
        _processes = processes;
        _linkOf = linkOf;
        _seed = seed;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Ends the connections of a node to this one, or all where this is the node.</summary>
    public void Break(int node)
    {
        foreach (var connection in _connections.Values)
        {
            if (node == _node || connection.From == node)
                connection.Client.Dispose(); // more than once does no harm, and what waits for it ends
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                var connection = new Connection(
                    client, PeerOf(client), CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                var carrying = CarryAsync(connection);
                _connections[carrying] = connection;
                _ = carrying.ContinueWith(
                    done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private int PeerOf(Socket client)
    {
        var processes = _processes();
        var local = ((IPEndPoint)client.LocalEndPoint!).Port;
        var remote = ((IPEndPoint)client.RemoteEndPoint!).Port;
        return Array.IndexOf(processes, SocketOwners.Find(remote, local, processes));
    }

    /// <summary>Nobody's connection is ended: the process that made it is no more, or is no node.</summary>
    private async Task CarryAsync(Connection connection)
    {
        await Task.Yield();
        using var client = connection.Client;
        using var stop = connection.Stop;
        if (connection.From < 0)
            return;

        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _peerPort), stop.Token);
            var there = PumpAsync(client, server, _linkOf(connection.From, _node), stop);
            var back = PumpAsync(server, client, _linkOf(_node, connection.From), stop);
            await Task.WhenAll(there, back);
        }
        catch (Exception ending)
            when (ending is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The connection has ended at one of its ends, or the nemesis ended it; both sockets are closed now.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, PeerLink link, CancellationTokenSource stop)
    {
        var buffer = new byte[ChunkBytes];
        var random = new Random(_seed);
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, stop.Token)) > 0)
            {
                await link.PassAsync(random, stop.Token);
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), stop.Token);
            }
        }
        finally
        {
            await stop.CancelAsync(); // The other direction ends too.
        }
    }

    private sealed record Connection(Socket Client, int From, CancellationTokenSource Stop);
}
