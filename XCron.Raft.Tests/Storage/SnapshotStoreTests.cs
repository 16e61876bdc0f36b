using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class SnapshotStoreTests
{
    private const string Name = "snapshot-000000000000000a-0000000000000002";

    private static readonly SnapshotMark Mark = Sample.Mark(10, 2);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(65_537)]
    [TestCase(300_000)]
    public void What_was_written_is_read_back_after_losing_power(int bytes)
    {
        var disk = new SimulatedDisk();
        Sample.WriteSnapshot(new(disk, Sample.Identity), Mark, Sample.Bytes(bytes));

        disk.Crash(new(1));
        var store = new SnapshotStore(disk, Sample.Identity);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(store.Latest!.Index, Is.EqualTo(Mark.Index));
            Assert.That(store.Latest.Term, Is.EqualTo(Mark.Term));
            Assert.That(store.Latest.MembershipIndex, Is.EqualTo(Mark.MembershipIndex));
            Assert.That(store.Latest.Membership.Encode(), Is.EqualTo(Mark.Membership.Encode()));
            Assert.That(ReadAll(store, store.Latest), Is.EqualTo(Sample.Bytes(bytes)));
        }
    }

    [Test]
    public void A_snapshot_is_not_there_before_it_is_complete()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);

        using (var writer = store.Create(Mark))
        {
            writer.Write(Sample.Bytes(100_000));
            Assert.That(store.Latest, Is.Null);
            Assert.That(new SnapshotStore(disk.Fork(), Sample.Identity).Latest, Is.Null, "after a crash");
        }

        Assert.That(disk.List(), Is.Empty, "given up");
    }

    [Test]
    public void A_crash_at_any_operation_leaves_the_old_or_the_new_snapshot()
    {
        var operations = int.MaxValue;
        for (var crashAt = 1; crashAt <= operations; crashAt++)
        {
            var disk = new SimulatedDisk();
            Sample.WriteSnapshot(new(disk, Sample.Identity), Sample.Mark(5, 1), Sample.Bytes(500));
            var before = disk.Operations;
            disk.CrashAtOperation = before + crashAt;
            var isAcked = false;
            try
            {
                var store = new SnapshotStore(disk, Sample.Identity);
                var writer = store.Create(Mark);
                writer.Write(Sample.Bytes(100_000));
                writer.Complete();
                isAcked = true;
                store.DeleteOlderThan(Mark);
                operations = crashAt;
            }
            catch (SimulatedDiskCrash)
            {
                // What is left is looked at below.
            }

            disk.Crash(new(crashAt));
            var reopened = new SnapshotStore(disk, Sample.Identity);
            Assert.That(reopened.Damaged, Is.Empty, $"crash at {crashAt}");
            Assert.That(reopened.Latest?.Index.Value, isAcked ? Is.EqualTo(10) : Is.EqualTo(5).Or.EqualTo(10));
            var bytes = reopened.Latest!.Index.Value == 5 ? 500 : 100_000;
            Assert.That(ReadAll(reopened, reopened.Latest!), Has.Length.EqualTo(bytes));
        }
    }

    [Test]
    public void A_flipped_bit_is_found_wherever_it_is()
    {
        var disk = new SimulatedDisk();
        Sample.WriteSnapshot(new(disk, Sample.Identity), Mark, Sample.Bytes(700));
        for (var at = 0; at < disk.ReadAll(Name).Length; at++)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(Name, at, at % 8);
            var store = new SnapshotStore(damaged, Sample.Identity);
            if (store.Latest is null)
                Assert.That(store.Damaged.Single().File, Is.EqualTo(Name), $"byte {at}");
            else
                Assert.That(() => ReadAll(store, store.Latest), Throws.TypeOf<LogDamagedException>(), $"byte {at}");
        }
    }

    [Test]
    public void Damage_is_reported_at_its_block_before_a_byte_of_it_is_handed_out()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        Sample.WriteSnapshot(store, Mark, Sample.Bytes(200_000));
        var block = SnapshotHeader.Encode(Sample.Identity.ClusterId, Mark, out _).Length + 65_536 + 8;
        disk.FlipBit(Name, block + 5000);

        using var stream = store.OpenRead(Mark);
        stream.ReadExactly(new byte[65_536]);

        Assert.That(() => stream.ReadByte(), Throws.TypeOf<LogDamagedException>()
            .With.Property("File").EqualTo(Name).And.Property("Offset").EqualTo(block));
    }

    [Test]
    public void Cut_files_copies_and_strange_clusters_are_reported_and_an_older_whole_one_is_used()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        Sample.WriteSnapshot(store, Sample.Mark(5, 1), Sample.Bytes(500));
        Sample.WriteSnapshot(store, Mark, Sample.Bytes(1000));
        var whole = disk.ReadAll(Name);
        disk.Put(Name, whole.AsSpan(0, whole.Length - 100));
        disk.Put(SnapshotName.For(new(20), new(2)), whole);
        Sample.WriteSnapshot(
            new(disk, new(new("00000000-0000-0000-0000-000000000001"), default)), Sample.Mark(30, 1), [1]);

        var reopened = new SnapshotStore(disk, Sample.Identity);

        Assert.That(reopened.Latest!.Index.Value, Is.EqualTo(5));
        Assert.That(reopened.Damaged, Has.Count.EqualTo(3));
    }

    [Test]
    public void A_format_of_the_future_is_refused_by_its_number()
    {
        var disk = new SimulatedDisk();
        Sample.WriteSnapshot(new(disk, Sample.Identity), Mark, []);
        var bytes = disk.ReadAll(Name);
        bytes[8] = 7;
        BitConverter.TryWriteBytes(bytes.AsSpan(60), Checksum.Of(bytes.AsSpan(0, 60)));
        disk.Put(Name, bytes);

        Assert.That(() => new SnapshotStore(disk, Sample.Identity),
            Throws.TypeOf<UnsupportedFormatException>().With.Message.Contain("format 7"));
    }

    [Test]
    public void A_snapshot_that_is_being_read_outlives_a_newer_one()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        Sample.WriteSnapshot(store, Sample.Mark(5, 1), Sample.Bytes(500));
        var source = store.OpenRaw(new(5), new(1))!;
        Sample.WriteSnapshot(store, Mark, Sample.Bytes(1000));

        store.DeleteOlderThan(Mark);
        Assert.That(source.Read(0, new byte[1000]), Is.EqualTo(source.Length));
        Assert.That(store.RawLength(Sample.Mark(5, 1)), Is.EqualTo(source.Length), "still to be resumed");
        source.Dispose();
        source.Dispose();
        store.DeleteOlderThan(Mark);

        Assert.That(store.OpenRaw(new(5), new(1)), Is.Null);
        Assert.That(() => store.ReadRaw(Sample.Mark(5, 1), 0, new byte[1]), Throws.TypeOf<FileNotFoundException>());
        Assert.That(disk.List(), Is.EqualTo([Name]));
    }

    [Test]
    public void Of_many_that_were_pulled_the_newest_two_stay()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        for (var index = 1; index <= 4; index++)
        {
            Sample.WriteSnapshot(store, Sample.Mark(index, 1), Sample.Bytes(500));
            store.DeleteAllButNewestTwo();
        }

        string[] newest = [SnapshotName.For(new(3), new(1)), SnapshotName.For(new(4), new(1))];
        Assert.That(disk.List(), Is.EquivalentTo(newest));
        Assert.That(store.Latest?.Index.Value, Is.EqualTo(4));
    }

    [Test]
    public void What_another_node_is_to_pull_is_read_whole_and_not_served_damaged()
    {
        var disk = new SimulatedDisk();
        Sample.WriteSnapshot(new(disk, Sample.Identity), Mark, Sample.Bytes(200_000));
        var whole = new SnapshotStore(disk.Fork(), Sample.Identity);
        disk.FlipBit(Name, disk.ReadAll(Name).Length / 2);
        var damaged = new SnapshotStore(disk, Sample.Identity);

        using var first = whole.OpenToServe(Mark.Index, Mark.Term);
        using var second = whole.OpenToServe(Mark.Index, Mark.Term);

        Assert.That(first?.Length, Is.EqualTo(second?.Length).And.GreaterThan(200_000));
        Assert.That(damaged.Latest, Is.Not.Null, "its beginning and its end are whole");
        Assert.That(
            () => damaged.OpenToServe(Mark.Index, Mark.Term),
            Throws.TypeOf<LogDamagedException>().With.Property("File").EqualTo(Name));
        Assert.That(whole.OpenToServe(new(99), new(1)), Is.Null);
    }

    /// <summary>Simulation, seed 3002438: a follower pulled it, found it damaged, and pulled again, for ever.</summary>
    [Test]
    public void A_snapshot_that_decays_after_it_was_served_is_not_served_again()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        Sample.WriteSnapshot(store, Mark, Sample.Bytes(200_000));
        store.OpenToServe(Mark.Index, Mark.Term)?.Dispose();

        disk.FlipBit(Name, disk.ReadAll(Name).Length / 2);

        Assert.That(() => store.OpenToServe(Mark.Index, Mark.Term), Throws.TypeOf<LogDamagedException>());
    }

    [Test]
    public void A_full_disk_ends_the_snapshot_and_leaves_nothing()
    {
        var disk = new SimulatedDisk { Capacity = 100_000 };
        var store = new SnapshotStore(disk, Sample.Identity);

        Assert.That(() => Sample.WriteSnapshot(store, Mark, Sample.Bytes(200_000)), Throws.TypeOf<DiskFullException>());

        Assert.That(disk.List(), Is.Empty);
        Assert.That(store.Latest, Is.Null);
    }

    [Test]
    public void Equal_states_are_equal_files_on_every_node()
    {
        var (left, right) = (new SimulatedDisk(), new SimulatedDisk());

        Sample.WriteSnapshot(new(left, Sample.Identity), Mark, Sample.Bytes(90_000));
        Sample.WriteSnapshot(new(right, Sample.Identity with { Node = new(99) }), Mark, Sample.Bytes(90_000));

        Assert.That(left.ReadAll(Name), Is.EqualTo(right.ReadAll(Name)));
    }

    private static byte[] ReadAll(SnapshotStore store, SnapshotMark mark)
    {
        using var stream = store.OpenRead(mark);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
