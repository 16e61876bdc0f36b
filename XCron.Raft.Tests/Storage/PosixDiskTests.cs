using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Storage;

internal sealed class PosixDiskTests
{
    private TemporaryDirectory _directory = null!;
    private PosixDisk _disk = null!;

    [SetUp]
    public void Open()
    {
        _directory = new();
        _disk = new(Path.Combine(_directory.Path, "data"));
    }

    [TearDown]
    public void Remove() => _directory.Dispose();

    [Test]
    public void Files_are_made_written_renamed_and_deleted()
    {
        using (var file = _disk.Create("a"))
        {
            file.Write(10, [1, 2, 3]);
            file.Sync();
            Assert.That(file.Length, Is.EqualTo(13));
            file.SetLength(12);
        }

        _disk.Rename("a", "b");
        _disk.SyncDirectory();
        using (var file = _disk.Open("b"))
        {
            var bytes = new byte[20];
            Assert.That(file.Read(9, bytes), Is.EqualTo(3));
            Assert.That(bytes[..4], Is.EqualTo([(byte)0, 1, 2, 0]));
            Assert.That(file.Read(100, bytes), Is.Zero);
        }

        _disk.Delete("b");
        Assert.That(_disk.List(), Is.Empty);
        Assert.That(_disk.Exists("b"), Is.False);
        Assert.That(_disk.FreeBytes, Is.GreaterThan(0));
    }

    [Test]
    public void What_must_not_or_must_exist_is_an_IOException()
    {
        _disk.Create("a").Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => _disk.Create("a"), Throws.InstanceOf<IOException>());
            Assert.That(() => _disk.Open("b"), Throws.InstanceOf<IOException>());
            Assert.That(() => _disk.Rename("b", "c"), Throws.InstanceOf<IOException>());
        }
    }

    [Test]
    [Platform("Linux", Reason = "/dev/full is Linux's.")]
    public void A_full_disk_is_told_from_other_errors()
    {
        using var file = PosixFile.Open("/dev/full", "full", FileMode.Open);

        Assert.That(() => file.Write(0, [1]), Throws.TypeOf<DiskFullException>().With.Property("File").EqualTo("full"));
    }

    [Test]
    public void A_directory_that_went_away_cannot_be_synced()
    {
        Directory.Delete(Path.Combine(_directory.Path, "data"));

        Assert.That(_disk.SyncDirectory, Throws.InstanceOf<IOException>().With.Message.Contain("data"));
    }

    [Test]
    public void A_log_with_snapshots_lives_in_a_real_directory()
    {
        SnapshotMark? mark = null;
        var log = Sample.Open(_disk);
        var store = new SnapshotStore(_disk, Sample.Identity);
        for (var i = 1; i <= 60; i++)
        {
            log.Append(null, null, Sample.Entries(i, 1, payloadBytes: 300), new(new(i), new(2)), new(i));
            log.Flush();
            while (log.PrepareSpare())
                Assert.That(_disk.List(), Has.Count.LessThan(10));
            if (i % 20 != 0)
                continue;

            mark = Sample.Mark(i - 1, 1);
            Sample.WriteSnapshot(store, mark, Sample.Bytes(100_000, i));
            store.DeleteOlderThan(mark);
            log.CompactTo(mark.Index.Next);
            log.Dispose();
            store = new(_disk, Sample.Identity);
            log = Sample.Open(_disk, snapshot: store.Latest);
            Assert.That(log.Recovery.Entries, Has.Count.EqualTo(1));
            Assert.That(log.Recovery.HardState, Is.EqualTo(new HardState(new(i), new(2))));
        }

        log.Dispose();
        using var stream = store.OpenRead(mark!);
        var content = new byte[100_000];
        stream.ReadExactly(content);
        Assert.That(content, Is.EqualTo(Sample.Bytes(100_000, 60)));
    }

    [Test]
    public void Files_are_moved_into_a_folder_which_is_made_for_them()
    {
        foreach (var name in new[] { "a", "b" })
        {
            using var file = _disk.Create(name);
            file.Write(0, [1, 2, 3]);
        }

        _disk.MoveInto("aside", "a");
        _disk.MoveInto("aside", "b");
        _disk.SyncDirectory();

        var folder = Path.Combine(_directory.Path, "data", "aside");
        Assert.That(_disk.List(), Is.Empty);
        Assert.That(_disk.Folders(), Is.EqualTo(["aside"]));
        Assert.That(new PosixDisk(folder).List(), Is.EquivalentTo(["a", "b"]));
    }

    [Test]
    public async Task Readers_go_on_while_the_writer_appends_and_compacts()
    {
        using var log = Sample.Open(_disk);
        log.Write(Sample.Entry(1, payloadBytes: 200));
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => ReadUntil(log, stop.Token));

        for (var i = 2; i <= 600; i++)
        {
            log.Write(Sample.Entry(i, payloadBytes: 200));
            if (i % 60 == 0)
                log.CompactTo(new(i - 20));
        }

        await stop.CancelAsync();
        Assert.That(await reading, Is.GreaterThan(0), "reads");
    }

    private static int ReadUntil(WriteAheadLog log, CancellationToken stop)
    {
        var reads = 0;
        do
        {
            var from = log.FirstIndex;
            var entries = log.Read(from, 5000);
            for (var i = 0; i < entries.Length; i++)
            {
                Assert.That(entries[i].Index, Is.EqualTo(from + i));
                Assert.That(entries[i].Payload.Span[0], Is.EqualTo((byte)entries[i].Index.Value));
            }

            reads++;
        }
        while (!stop.IsCancellationRequested);
        return reads;
    }
}
