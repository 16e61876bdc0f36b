using Grpc.Core;
using XCron.Raft.Grpc;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;
using XCron.Raft.Tests.Storage;

namespace XCron.Raft.Tests.Grpc;

/// <summary>A snapshot on its way to a peer, in a time of the test's own.</summary>
internal sealed class SnapshotSenderTests
{
    private const int ContentBytes = 1_000_000;

    private static readonly SnapshotMark Mark = Sample.Mark(10, 2);

    private JumpingTime _time = null!;
    private SnapshotStore _store = null!;
    private SnapshotSource _snapshot = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new JumpingTime();
        _store = new SnapshotStore(new SimulatedDisk(), Sample.Identity);
        Sample.WriteSnapshot(_store, Mark, Sample.Bytes(ContentBytes));
        _snapshot = _store.OpenRaw(Mark.Index, Mark.Term)!;
    }

    [TearDown]
    public void TearDown() => _snapshot.Dispose();

    [Test]
    public async Task Without_a_limit_it_goes_as_fast_as_it_is_taken()
    {
        var peer = new TakingPeer();

        await Sender(null).SendAsync(_snapshot, 0, peer, default);

        Assert.That(peer.Bytes, Is.EqualTo(_snapshot.Length));
        Assert.That(_time.Passed, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public async Task A_limit_is_kept_in_pieces_so_small_that_the_peer_hears_something_all_the_time()
    {
        const int Rate = 100_000;
        var peer = new TakingPeer();

        await Sender(Rate).SendAsync(_snapshot, 0, peer, default);

        Assert.That(peer.Bytes, Is.EqualTo(_snapshot.Length));
        Assert.That(_time.Passed.TotalSeconds, Is.EqualTo((double)_snapshot.Length / Rate).Within(0.5));
        Assert.That(peer.Largest, Is.EqualTo(Rate / 4));
    }

    [Test]
    public async Task It_goes_on_from_where_an_earlier_stream_ended()
    {
        var peer = new TakingPeer();

        await Sender(null).SendAsync(_snapshot, 400_000, peer, default);

        Assert.That(peer.First, Is.EqualTo(400_000));
        Assert.That(peer.Bytes, Is.EqualTo(_snapshot.Length - 400_000));
    }

    [Test]
    public void A_peer_that_takes_nothing_is_given_up_and_holds_the_file_no_longer()
    {
        var sending = Sender(null).SendAsync(_snapshot, 0, new DeafPeer(), default);
        Assert.That(sending.IsCompleted, Is.False);

        _time.Fire(TimeSpan.FromSeconds(10));

        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase(65_535)]
    [TestCase(0)]
    public void A_limit_that_would_never_bring_anything_across_is_refused(long rate) =>
        Assert.That(
            () => new GrpcTransportOptions { SnapshotBytesPerSecond = rate },
            Throws.InstanceOf<ArgumentOutOfRangeException>());

    private SnapshotSender Sender(long? rate) =>
        new(new GrpcTransportOptions { SnapshotBytesPerSecond = rate, TimeProvider = _time });

    private sealed class TakingPeer : IServerStreamWriter<SnapshotChunk>
    {
        public long Bytes { get; private set; }

        public long First { get; private set; } = -1;

        public int Largest { get; private set; }

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(SnapshotChunk message)
        {
            if (First < 0)
                First = message.Offset;
            Bytes += message.Content.Length;
            Largest = Math.Max(Largest, message.Content.Length);
            return Task.CompletedTask;
        }

        public Task WriteAsync(SnapshotChunk message, CancellationToken cancellationToken) => WriteAsync(message);
    }

    private sealed class DeafPeer : IServerStreamWriter<SnapshotChunk>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(SnapshotChunk message) => WriteAsync(message, default);

        public Task WriteAsync(SnapshotChunk message, CancellationToken cancellationToken) =>
            Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
