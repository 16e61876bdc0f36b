using Grpc.Core;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Tests.Peers;

/// <summary>However a call breaks, the links know one failure: what they do not know would end them.</summary>
internal sealed class GrpcPeerStreamTests
{
    private static readonly Exception[] Breaks =
    [
        new HttpIOException(HttpRequestError.ResponseEnded, "the response ended prematurely"),
        new HttpProtocolException(0, "the server closed the connection", null),
        new HttpRequestException("no connection"),
        new RpcException(new Status(StatusCode.Unavailable, "gone")),
        new IOException("the stream was reset"),
    ];

    [TestCaseSource(nameof(Breaks))]
    public void A_write_that_breaks_is_a_failed_call(Exception failure)
    {
        using var stream = StreamThat(failure);

        Assert.That(
            () => stream.WriteAsync(new NodeReport(), CancellationToken.None),
            Throws.InstanceOf<PeerCallException>().With.Message.StartsWith("node2:8899: "));
    }

    [TestCaseSource(nameof(Breaks))]
    public void A_read_that_breaks_is_a_failed_call(Exception failure)
    {
        using var stream = StreamThat(failure);

        Assert.That(
            () => stream.ReadAsync(CancellationToken.None),
            Throws.InstanceOf<PeerCallException>().With.Message.StartsWith("node2:8899: "));
    }

    private static GrpcPeerStream<NodeReport, ReportAck> StreamThat(Exception failure) => new(
        "node2:8899",
        new AsyncDuplexStreamingCall<NodeReport, ReportAck>(
            new BrokenWriter(failure), new BrokenReader(failure), Task.FromResult(new Metadata()),
            static () => Status.DefaultCancelled, static () => [], static () => { }));

    private sealed class BrokenWriter(Exception failure) : IClientStreamWriter<NodeReport>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(NodeReport message) => Task.FromException(failure);

        public Task WriteAsync(NodeReport message, CancellationToken cancellationToken) => Task.FromException(failure);

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class BrokenReader(Exception failure) : IAsyncStreamReader<ReportAck>
    {
        public ReportAck Current => throw new InvalidOperationException("nothing was read");

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromException<bool>(failure);
    }
}
