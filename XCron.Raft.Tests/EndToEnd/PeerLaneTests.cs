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
    private const int HeaderBytes = 9;
    private const int PrefaceBytes = 24;
    private const byte Headers = 1;

    // SETTINGS: empty; and one that lets a stream send nothing, so that its first write waits.
    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] NothingMaySend = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];

    // DATA on a stream that was never opened.
    private static readonly byte[] Nonsense = [0, 0, 1, 0, 0, 0, 0, 0, 99, 7];

    [Test, CancelAfter(60_000)]
    public async Task Both_lanes_go_on_trying_however_their_connections_break(CancellationToken stop)
    {
        const int Rounds = 60;
        using var listener = Listen();
        await using var transport = Start(listener);

        for (var round = 0; round < Rounds; round++)
        {
            using var one = await listener.AcceptSocketAsync(stop);
            using var other = await listener.AcceptSocketAsync(stop);
            await BreakAsync(one, round, stop);
            await BreakAsync(other, round + 1, stop);
        }
    }

    /// <summary>
    /// A write that waits on a stream which is then refused, as a server that stops does, throws HttpRequestException:
    /// neither an RpcException nor an IOException.
    /// </summary>
    [Test, CancelAfter(60_000)]
    public async Task Both_lanes_go_on_trying_when_their_streams_are_refused(CancellationToken stop)
    {
        const int Refusals = 10;
        using var listener = Listen();
        await using var transport = Start(listener);

        using var one = await listener.AcceptSocketAsync(stop);
        using var other = await listener.AcceptSocketAsync(stop);

        await RefuseAsync(one, Refusals, stop);
        await RefuseAsync(other, Refusals, stop);
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static GrpcRaftTransport Start(TcpListener listener)
    {
        var transport = new GrpcRaftTransport(new GrpcTransportOptions
        {
            MinBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(2),
        });
        IRaftTransport node = transport;
        node.Start(new DeafHost());
        var address = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        node.SetPeers([new Member(new NodeId(2), address, Suffrage.Voter)]);
        return transport;
    }

    /// <summary>Returns when so many streams were opened and refused.</summary>
    private static async Task RefuseAsync(Socket socket, int streams, CancellationToken stop)
    {
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(NothingMaySend, stop);
        await stream.ReadExactlyAsync(new byte[PrefaceBytes], stop);
        var header = new byte[HeaderBytes];
        while (streams > 0)
        {
            await stream.ReadExactlyAsync(header, stop);
            await stream.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]], stop);
            if (header[3] != Headers)
                continue;

            // RST_STREAM with REFUSED_STREAM, when the write has had time to begin.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, stop);
            byte[] refusal = [0, 0, 4, 3, 0, .. header[5..], 0, 0, 0, 7];
            await stream.WriteAsync(refusal, stop);
            streams--;
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
