using System.Net;
using System.Net.Sockets;
using XCron.Raft.Core;
using XCron.Raft.Grpc;
using XCron.Raft.Runtime;
using XCron.Raft.Storage;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>The other end of a lane as a bare socket that does everything wrong.</summary>
[Category("EndToEnd")]
internal sealed class PeerLaneTests
{
    // What a server sends first: an empty SETTINGS frame; then a DATA frame on a stream that was never opened.
    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] Nonsense = [0, 0, 1, 0, 0, 0, 0, 0, 99, 7];

    [Test, CancelAfter(60_000)]
    public async Task Both_lanes_go_on_trying_however_their_connections_break(CancellationToken stop)
    {
        const int Rounds = 120;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        var options = new GrpcTransportOptions
        {
            MinBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(2),
        };
        await using var transport = new GrpcRaftTransport(options);
        IRaftTransport node = transport;
        node.Start(new DeafHost());
        node.SetPeers([new Member(new NodeId(2), address, Suffrage.Voter)]);

        for (var round = 0; round < Rounds; round++)
        {
            using var one = await listener.AcceptSocketAsync(stop);
            using var other = await listener.AcceptSocketAsync(stop);
            await BreakAsync(one, round, stop);
            await BreakAsync(other, round + 1, stop);
        }
    }

    private static async Task BreakAsync(Socket socket, int way, CancellationToken stop)
    {
        var buffer = new byte[1024];
        if (way % 3 > 0)
            await socket.SendAsync(Settings, stop);
        if (way % 5 > 1)
            await socket.ReceiveAsync(buffer, stop);
        if (way % 7 == 0)
            await socket.SendAsync(Nonsense, stop);
        if (way % 2 == 0)
            socket.LingerState = new LingerOption(enable: true, seconds: 0); // a reset, not an end
        socket.Close();
    }

    private sealed class DeafHost : IRaftTransportHost
    {
        public NodeId Self => new(1);

        public Guid ClusterId => Guid.Empty;

        public long Epoch => 0;

        public void Superseded(long epoch)
        {
            // Nobody says so.
        }

        public void Deliver(Message message)
        {
            // Nobody says anything.
        }

        public void PeerDisconnected(NodeId peer)
        {
            // As expected.
        }

        public SnapshotSource? OpenSnapshot(LogIndex index, Term entryTerm) => null;
    }
}
