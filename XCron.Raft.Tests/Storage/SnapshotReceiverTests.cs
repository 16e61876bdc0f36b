using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class SnapshotReceiverTests
{
    private static readonly SnapshotMark Mark = Sample.Mark(10, 2);

    private byte[] _sent = null!;

    [SetUp]
    public void Send()
    {
        var disk = new SimulatedDisk();
        Sample.WriteSnapshot(new(disk, Sample.Identity with { Node = new(1) }), Mark, Sample.Bytes(200_000));
        _sent = disk.ReadAll(SnapshotName.For(Mark.Index, Mark.Term));
    }

    [Test]
    public void What_is_received_whole_becomes_the_latest_and_survives_losing_power()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        using (var receiver = store.Receive(Mark.Index, Mark.Term))
        {
            for (var chunk = 0; chunk < _sent.Length; chunk += 10_000)
                receiver.Append(_sent.AsSpan(chunk, Math.Min(10_000, _sent.Length - chunk)));
            Assert.That(store.Latest, Is.Null);

            var mark = receiver.Complete();

            Assert.That(mark.Index, Is.EqualTo(Mark.Index));
            Assert.That(mark.Membership.Encode(), Is.EqualTo(Mark.Membership.Encode()));
        }

        disk.Crash(new(1));
        store = new(disk, Sample.Identity);

        using var stream = store.OpenRead(store.Latest!);
        var content = new byte[200_000];
        stream.ReadExactly(content);
        Assert.That(content, Is.EqualTo(Sample.Bytes(200_000)));
    }

    [Test]
    public void A_broken_transfer_goes_on_at_the_last_whole_block_after_a_crash([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk { TearsAnywhere = seed % 2 == 0 };
        var offset = 0L;
        for (var life = 0; offset < _sent.Length; life++)
        {
            Assert.That(life, Is.LessThan(200), $"seed {seed}");
            var store = new SnapshotStore(disk, Sample.Identity);
            var receiver = store.Receive(Mark.Index, Mark.Term);
            for (var i = 0; i < 5 && receiver.Offset < _sent.Length; i++)
            {
                var rest = _sent.AsSpan((int)receiver.Offset);
                receiver.Append(rest[..Math.Min(rest.Length, random.Next(1, 60_000))]);
            }

            offset = receiver.Offset;
            if (offset == _sent.Length)
                receiver.Complete();
            else if (random.Next(2) == 0)
                disk.Kill();
            else
                disk.Crash(random);
        }

        disk.Crash(random);
        Assert.That(disk.ReadAll(SnapshotName.For(Mark.Index, Mark.Term)), Is.EqualTo(_sent), $"seed {seed}");
    }

    [Test]
    public void A_broken_transfer_goes_on_in_the_same_process()
    {
        var store = new SnapshotStore(new SimulatedDisk(), Sample.Identity);
        using (var first = store.Receive(Mark.Index, Mark.Term))
            first.Append(_sent.AsSpan(0, 100_000));

        using var second = store.Receive(Mark.Index, Mark.Term);
        Assert.That(second.Offset, Is.InRange(65_536, 100_000));
        second.Append(_sent.AsSpan((int)second.Offset));

        Assert.That(second.Complete().Index, Is.EqualTo(Mark.Index));
    }

    [Test]
    public void Damaged_or_short_bytes_never_become_a_snapshot()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        var damaged = _sent.ToArray();
        damaged[150_000] ^= 1;
        foreach (var bytes in new[] { damaged, _sent[..^1], [.. _sent, 0], [] })
        {
            using var receiver = store.Receive(Mark.Index, Mark.Term);
            receiver.Append(bytes);
            Assert.That(receiver.Complete, Throws.TypeOf<LogDamagedException>());
            receiver.Abandon();
            Assert.That(disk.List(), Is.Empty);
        }

        Assert.That(store.Latest, Is.Null);
    }

    [Test]
    public void Another_snapshot_than_offered_is_refused()
    {
        var store = new SnapshotStore(new SimulatedDisk(), Sample.Identity);
        using var receiver = store.Receive(new(11), Mark.Term);
        receiver.Append(_sent);

        Assert.That(receiver.Complete, Throws.TypeOf<LogDamagedException>().With.Message.Contain("not at 11"));
    }

    [Test]
    public void A_new_transfer_removes_the_remains_of_others_and_a_newer_snapshot_those_it_covers()
    {
        var disk = new SimulatedDisk();
        var store = new SnapshotStore(disk, Sample.Identity);
        using (var old = store.Receive(new(3), new(1)))
            old.Append([1]);
        using (var receiver = store.Receive(Mark.Index, Mark.Term))
        {
            receiver.Append(_sent.AsSpan(0, 100));
            Assert.That(disk.List(), Has.Count.EqualTo(1));
        }

        var newer = Sample.Mark(12, 2);
        Sample.WriteSnapshot(store, newer, []);
        store.DeleteOlderThan(newer);

        Assert.That(disk.List(), Is.EqualTo([SnapshotName.For(newer.Index, newer.Term)]));
    }

    [Test]
    public void A_full_disk_loses_no_place_in_the_transfer()
    {
        var disk = new SimulatedDisk { Capacity = 50_000 };
        var store = new SnapshotStore(disk, Sample.Identity);
        using var receiver = store.Receive(Mark.Index, Mark.Term);
        receiver.Append(_sent.AsSpan(0, 40_000));
        Assert.That(() => receiver.Append(_sent.AsSpan(40_000, 20_000)), Throws.TypeOf<DiskFullException>());
        Assert.That(receiver.Offset, Is.EqualTo(40_000));

        disk.Capacity = null;
        receiver.Append(_sent.AsSpan(40_000));

        Assert.That(receiver.Complete().Index, Is.EqualTo(Mark.Index));
    }
}
