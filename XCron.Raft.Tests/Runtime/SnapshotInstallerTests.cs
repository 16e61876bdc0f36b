using Microsoft.Extensions.Logging.Abstractions;
using XCron.Raft.Core;
using XCron.Raft.Runtime;
using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;
using XCron.Raft.Tests.Storage;

namespace XCron.Raft.Tests.Runtime;

/// <summary>A pull whose streams break.</summary>
internal sealed class SnapshotInstallerTests
{
    private static readonly SnapshotMark Mark = Sample.Mark(10, 2);

    private readonly List<NodeInput> _told = [];
    private readonly List<ApplierJob> _jobs = [];
    private byte[] _sent = null!;
    private HandTransport _transport = null!;
    private SnapshotInstaller _installer = null!;

    [SetUp]
    public void SetUp()
    {
        _told.Clear();
        _jobs.Clear();
        var leaders = new SimulatedDisk();
        Sample.WriteSnapshot(new(leaders, Sample.Identity), Mark, Sample.Bytes(400_000));
        _sent = leaders.ReadAll(SnapshotName.For(Mark.Index, Mark.Term));
        _transport = new HandTransport();
        _installer = new SnapshotInstaller(
            new SnapshotStore(new SimulatedDisk(), Sample.Identity),
            _transport,
            input =>
            {
                _told.Add(input);
                return true;
            },
            job =>
            {
                _jobs.Add(job);
                return true;
            },
            work => _ = work(),
            NullLogger.Instance);
    }

    [TearDown]
    public async Task TearDown()
    {
        _installer.Dispose();
        await _transport.DisposeAsync();
    }

    [Test]
    public void A_stream_that_brought_something_is_followed_by_another_from_where_it_ended()
    {
        Install();
        Assert.That(_transport.Offset, Is.Zero);
        Bring(150_000);
        _transport.Sink!.Ended();

        Assert.That(_transport.Fetches, Is.EqualTo(2));
        Assert.That(_transport.Offset, Is.EqualTo(150_000));
        Assert.That(_told, Is.Empty);
    }

    [Test]
    public void A_peer_that_cannot_be_reached_costs_nothing_of_what_has_arrived()
    {
        Install();
        Bring(150_000);
        _transport.Sink!.Ended();
        _transport.Sink.Ended();
        Assert.That(_told.Single(), Is.InstanceOf<NodeInput.SnapshotFailed>(), "the leader's next offer counts");

        Install();
        Assert.That(_transport.Offset, Is.InRange(100_000, 150_000), "the whole blocks of it");
        Bring(_sent.Length);
        _transport.Sink.Ended();

        Assert.That(_jobs.Single(), Is.InstanceOf<ApplierJob.Restore>());
    }

    /// <summary>
    /// Simulation, seeds 3011444, 3024016, 3027058 and 3041976: the pull asked for what comes behind the last byte, for
    /// ever.
    /// </summary>
    [Test]
    public void A_pull_broken_off_after_its_last_byte_is_completed_by_the_next_offer()
    {
        Install();
        Bring(_sent.Length);
        Assert.That(_jobs, Is.Empty, "the stream's end is still on its way");

        Install();

        Assert.That(_jobs.Single(), Is.InstanceOf<ApplierJob.Restore>());
        Assert.That(_transport.Fetches, Is.EqualTo(1));
        Assert.That(_told, Is.Empty);
    }

    private void Install() => _installer.Install(new Effect.InstallSnapshot(new NodeId(1), Mark.Index, Mark.Term));

    private void Bring(int upTo)
    {
        for (var offset = (int)_transport.Offset; offset < upTo;)
        {
            var count = Math.Min(10_000, upTo - offset);
            Assert.That(_transport.Sink!.Chunk(offset, _sent.Length, _sent.AsSpan(offset, count)));
            offset += count;
        }
    }

    /// <summary>Remembers what is asked; the test answers.</summary>
    private sealed class HandTransport : IRaftTransport
    {
        public int Fetches { get; private set; }

        public long Offset { get; private set; }

        public ISnapshotSink? Sink { get; private set; }

        void IRaftTransport.Start(IRaftTransportHost host)
        {
        }

        void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
        {
        }

        void IRaftTransport.Send(Message message)
        {
        }

        void IRaftTransport.FetchSnapshot(
            NodeId from,
            LogIndex index,
            Term entryTerm,
            long offset,
            ISnapshotSink sink,
            CancellationToken cancellationToken)
        {
            Fetches++;
            Offset = offset;
            Sink = sink;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
