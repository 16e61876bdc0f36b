using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class SnapshotPaceTests
{
    private const int Megabyte = 1 << 20;

    private JumpingTime _time = null!;

    [SetUp]
    public void SetUp() => _time = new();

    [Test]
    public async Task Each_megabyte_is_synced_and_the_writer_rests_as_long_as_it_has_worked()
    {
        var file = new SlowFile(_time) { SyncTime = TimeSpan.FromMilliseconds(30) };
        var pace = new SnapshotPace(_time);
        for (var i = 0; i < 40; i++)
            await pace.WroteAsync(file, Megabyte / 4, default);

        Assert.That(file.Syncs, Is.EqualTo(10));
        Assert.That(_time.Passed, Is.EqualTo(TimeSpan.FromMilliseconds(10 * (30 + 30))));
    }

    [Test]
    public async Task Where_the_disk_stalls_it_does_not_rest_as_long_again()
    {
        var file = new SlowFile(_time) { SyncTime = TimeSpan.FromSeconds(10) };
        await new SnapshotPace(_time).WroteAsync(file, Megabyte, default);

        Assert.That(_time.Passed, Is.EqualTo(TimeSpan.FromSeconds(10.1)));
    }

    [Test]
    public async Task A_small_snapshot_is_written_without_a_rest()
    {
        var file = new SlowFile(_time);
        await new SnapshotPace(_time).WroteAsync(file, Megabyte - 1, default);

        Assert.That(file.Syncs, Is.Zero);
        Assert.That(_time.Passed, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_rest_ends_where_the_snapshot_is_given_up()
    {
        var pace = new SnapshotPace(_time);
        var givenUp = new CancellationToken(canceled: true);

        Assert.That(
            async () => await pace.WroteAsync(new SlowFile(_time), Megabyte, givenUp),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_paced_snapshot_has_every_byte()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        var content = Sample.Bytes(3 * Megabyte + 5);
        var before = disk.Syncs;
        await using (var writer = store.Create(Sample.Mark(10, 2), new SnapshotPace(_time)))
        {
            for (var offset = 0; offset < content.Length; offset += 50_000)
                await writer.WriteAsync(content.AsMemory(offset, Math.Min(50_000, content.Length - offset)));
            writer.Complete();
        }

        Assert.That(disk.Syncs - before, Is.GreaterThanOrEqualTo(3), "not all at the end");
        using var copy = new MemoryStream();
        await using var source = new SnapshotStore(disk, Sample.Identity).OpenRead(Sample.Mark(10, 2));
        await source.CopyToAsync(copy);
        Assert.That(copy.ToArray(), Is.EqualTo(content));
    }

    /// <summary>Nothing but how long it takes to sync.</summary>
    private sealed class SlowFile(JumpingTime time) : IDiskFile
    {
        public TimeSpan SyncTime { get; init; }

        public int Syncs { get; private set; }

        public string Name => "slow";

        public long Length => 0;

        public int Read(long offset, Span<byte> buffer) => 0;

        public void Write(long offset, ReadOnlySpan<byte> content)
        {
        }

        public void SetLength(long length)
        {
        }

        public void Sync()
        {
            Syncs++;
            time.Pass(SyncTime);
        }

        public void Dispose()
        {
        }
    }
}
