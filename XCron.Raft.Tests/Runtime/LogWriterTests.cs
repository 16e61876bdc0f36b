using XCron.Raft.Core;
using XCron.Raft.Runtime;
using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;
using XCron.Raft.Tests.Storage;

namespace XCron.Raft.Tests.Runtime;

internal sealed class LogWriterTests
{
    private readonly List<NodeInput> _told = [];
    private VirtualTime _time = null!;
    private SimulatedDisk _disk = null!;
    private WriteAheadLog _log = null!;
    private LogWriter _writer = null!;
    private long _written;

    [SetUp]
    public void SetUp()
    {
        _told.Clear();
        _written = 0;
        _time = new VirtualTime();
        _disk = new SimulatedDisk();
        _log = Sample.Open(_disk);
        _writer = new LogWriter(_log, Tell, _time);
    }

    [TearDown]
    public void TearDown() => _log.Dispose();

    /// <summary>
    /// Simulation, seed 5062342: the log was cut right after a try to make the next segment had failed, and the segment
    /// cut off became the next one. Nothing was tried any more, and the node refused every create for ever.
    /// </summary>
    [Test]
    public void Space_is_well_again_when_a_segment_that_is_cut_off_becomes_the_next_one()
    {
        while (_log.SegmentCount < 3)
            Write();
        _disk.BytesUntilFull = 0; // the next segment is begun and not finished
        _writer.RunOnce();
        Assert.That(Space(), Is.EqualTo(DiskHealth.Low));

        _writer.TryPost(new LogWriterJob(null, new LogIndex(_written)));
        _writer.RunOnce();
        Assert.That(_log.HasSpare, "a segment was cut off");
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(100);
            _writer.RunOnce();
        }

        Assert.That(Space(), Is.EqualTo(DiskHealth.Well));
    }

    private DiskHealth Space() => _told.OfType<NodeInput.DiskSpace>().Last().Health;

    private bool Tell(NodeInput input)
    {
        _told.Add(input);
        return true;
    }

    private void Write()
    {
        _written++;
        var entry = Sample.Entry(_written, payloadBytes: 500);
        var write = new Effect.Write { Sequence = _written, Entries = [entry], Commit = LogIndex.Zero };
        _writer.TryPost(new LogWriterJob(write, LogIndex.Zero));
        _writer.RunOnce();
    }
}
