using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class WriteAheadLogTests
{
    private static readonly LogOptions OneBigSegment = new() { SegmentBytes = 1 << 20 };

    [Test]
    public void Many_appends_are_one_write_and_one_sync()
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk, OneBigSegment);
        var (writes, syncs, directorySyncs) = (disk.Writes, disk.Syncs, disk.DirectorySyncs);

        for (var i = 1; i <= 100; i++)
            log.Append(null, null, [Sample.Entry(i)], new(new(i), new(7)), new(i));
        log.Flush();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(disk.Writes - writes, Is.EqualTo(2), "the batch, and the watermark, which is not synced");
            Assert.That(disk.Syncs - syncs, Is.EqualTo(1));
            Assert.That(disk.DirectorySyncs - directorySyncs, Is.Zero);
        }
    }

    [Test]
    public void Nothing_staged_is_no_write_and_no_sync()
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        var operations = disk.Operations;

        log.Append(null, null, [], null, LogIndex.Zero);
        log.Flush();

        Assert.That(disk.Operations, Is.EqualTo(operations));
    }

    [Test]
    public void What_is_staged_is_not_read_before_it_is_flushed()
    {
        using var log = Sample.Open(new SimulatedDisk());

        log.Append(null, null, Sample.Entries(1, 3), null, LogIndex.Zero);
        var before = log.Read(new(1), 1000);
        log.Flush();

        Assert.That(before, Is.Empty);
        Assert.That(log.Read(new(1), 1000), Has.Length.EqualTo(3));
    }

    [Test]
    public void A_log_read_back_is_what_was_written()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            log.Append(null, null, Sample.Entries(1, 5), new(new(1), new(3)), new(2));
            log.Flush();
            log.Append(null, new(4), Sample.Entries(4, 1, term: 2), new(new(2), NodeId.None), new(3));
            log.Flush();
        }

        disk.Crash(new(1));
        using var reopened = Sample.Open(disk);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reopened.Recovery.HardState, Is.EqualTo(new HardState(new(2), NodeId.None)));
            Assert.That(reopened.Recovery.Commit, Is.EqualTo(new LogIndex(3)));
            Assert.That(reopened.Recovery.Entries.Select(entry => entry.Term.Value), Is.EqualTo([1L, 1, 1, 2]));
            Assert.That(reopened.Recovery.Torn, Is.Null);
        }
    }

    [Test]
    public void A_batch_larger_than_a_segment_gets_one_of_its_own()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            log.Write(Sample.Entries(1, 2));
            log.Write(Sample.Entry(3, payloadBytes: 50_000));
            log.Write(Sample.Entries(4, 2));
            Assert.That(log.Read(new(2), 100_000), Has.Length.EqualTo(4));
        }

        disk.Crash(new(1));
        using var reopened = Sample.Open(disk);

        Assert.That(reopened.Recovery.Entries, Has.Count.EqualTo(5));
        Assert.That(reopened.Recovery.Entries[2].Payload.Length, Is.EqualTo(50_000));
    }

    [Test]
    public void A_read_takes_at_least_one_entry_and_no_more_bytes_than_asked()
    {
        using var log = Sample.Open(new SimulatedDisk());
        for (var i = 0; i < 30; i++)
            log.Write(Sample.Entries(1 + (i * 10), 10, payloadBytes: 68));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(log.Read(new(17), 0), Has.Length.EqualTo(1));
            Assert.That(log.Read(new(17), 100), Has.Length.EqualTo(1));
            Assert.That(log.Read(new(17), 1000), Has.Length.EqualTo(10));
            Assert.That(log.Read(new(17), int.MaxValue), Has.Length.EqualTo(284));
            Assert.That(log.Read(new(301), 1000), Is.Empty);
            Assert.That(log.Read(LogIndex.Zero, 1000), Is.Empty);
        }
    }

    [Test]
    public void Compaction_recycles_segments_and_what_they_held_is_not_taken_for_the_log()
    {
        var disk = new SimulatedDisk();
        SnapshotMark? mark = null;
        var log = Sample.Open(disk);
        for (var i = 1; i <= 400; i++)
        {
            log.Append(null, null, Sample.Entries(i, 1, payloadBytes: 100), null, new(i));
            log.Flush();
            if (i % 50 != 0)
                continue;

            mark = Sample.Mark(i - 3, 1);
            log.CompactTo(mark.Index.Next);
            Assert.That(log.Read(mark.Index.Next, 1000), Has.Length.EqualTo(3), $"after compaction at {i}");
            log.Dispose();
            disk.Crash(new(i));
            log = Sample.Open(disk, snapshot: mark);
            Assert.That(log.Recovery.Entries, Has.Count.EqualTo(3), $"after reopening at {i}");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(disk.List(), Has.Count.LessThan(6), "segments and spares");
            Assert.That(log.SegmentCount, Is.LessThan(4));
            Assert.That(log.Read(new(1), 1000), Is.Empty, "compacted away");
            Assert.That(log.FirstIndex, Is.LessThanOrEqualTo(mark!.Index.Next));
        }

        log.Dispose();
    }

    [Test]
    public void A_spare_prepared_ahead_leaves_one_write_and_one_sync_for_the_rotation()
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        while (log.PrepareSpare())
            Assert.That(disk.BytesWritten, Is.LessThan(20_000));

        while (log.SegmentCount == 1)
        {
            var (syncs, bytes) = (disk.Syncs, disk.BytesWritten);
            log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 300));
            Assert.That(disk.Syncs - syncs, Is.EqualTo(1));
            Assert.That(disk.BytesWritten - bytes, Is.LessThan(1000));
        }

        Assert.That(log.PrepareSpare(), Is.True, "the next one is to be made");
    }

    [Test]
    public void A_snapshot_that_the_log_does_not_lead_up_to_begins_it_anew()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            log.Append(null, null, Sample.Entries(1, 9), new(new(4), new(2)), new(3));
            log.Flush();
        }

        using (var shorter = Sample.Open(disk.Fork(), snapshot: Sample.Mark(20, 3)))
        using (var conflicting = Sample.Open(disk.Fork(), snapshot: Sample.Mark(8, 3)))
        using (var leading = Sample.Open(disk.Fork(), snapshot: Sample.Mark(8, 1)))
        using (Assert.EnterMultipleScope())
        {
            Assert.That(shorter.Recovery.WasReset && conflicting.Recovery.WasReset, Is.True);
            Assert.That(leading.Recovery.WasReset, Is.False);
            Assert.That(shorter.Recovery.Entries, Is.Empty);
            Assert.That(shorter.Recovery.Commit, Is.EqualTo(new LogIndex(20)));
            Assert.That(shorter.Recovery.HardState, Is.EqualTo(new HardState(new(4), new(2))));
            Assert.That(conflicting.LastIndex, Is.EqualTo(new LogIndex(8)));
            Assert.That(conflicting.Read(new(1), 1000), Is.Empty);
            Assert.That(leading.Recovery.Entries, Has.Count.EqualTo(1));
            shorter.Write(Sample.Entry(21, term: 4));
            Assert.That(shorter.Read(new(21), 1000), Has.Length.EqualTo(1));
        }
    }

    [Test]
    public void A_failed_sync_is_never_retried_and_the_log_is_dead()
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        log.Append(null, null, Sample.Entries(1, 2), null, LogIndex.Zero);

        disk.FailNextSync();
        Assert.That(log.Flush, Throws.TypeOf<LogWriteFailedException>());

        var operations = disk.Operations;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(log.Flush, Throws.TypeOf<LogWriteFailedException>());
            Assert.That(log.Confirm, Throws.TypeOf<LogWriteFailedException>());
            Assert.That(() => log.Read(new(1), 10), Throws.TypeOf<LogWriteFailedException>());
            Assert.That(() => log.PrepareSpare(), Throws.TypeOf<LogWriteFailedException>());
            Assert.That(() => log.CompactTo(new(2)), Throws.TypeOf<LogWriteFailedException>());
            Assert.That(
                () => log.Append(null, null, [], null, LogIndex.Zero), Throws.TypeOf<LogWriteFailedException>());
            Assert.That(disk.Operations, Is.EqualTo(operations), "nothing touched the disk");
        }
    }

    [Test]
    public void What_a_failed_sync_left_in_the_page_cache_is_written_anew_before_anything_is_built_on_it()
    {
        // Found by the simulation, seed 32: the next process read the batch from the cache, synced, which wrote
        // nothing, and went on behind it; after a loss of power the log had a hole.
        var disk = new SimulatedDisk();
        using (var dying = Sample.Open(disk))
        {
            dying.Append(null, null, Sample.Entries(1, 2), null, LogIndex.Zero);
            disk.FailNextSync();
            Assert.That(dying.Flush, Throws.TypeOf<LogWriteFailedException>());
        }

        disk.Kill();
        using (var next = Sample.Open(disk))
        {
            Assert.That(next.LastIndex, Is.EqualTo(new LogIndex(2)), "the page cache has it");
            next.Write(Sample.Entry(3));
        }

        disk.Crash(new Random(1));
        using var last = Sample.Open(disk);
        Assert.That(last.LastIndex, Is.EqualTo(new LogIndex(3)));
    }

    [Test]
    public void A_failed_write_or_directory_sync_is_final()
    {
        var disk = new SimulatedDisk();
        using var writing = Sample.Open(disk.Fork());
        using var rotating = Sample.Open(disk);
        writing.Append(null, null, Sample.Entries(1, 2), null, LogIndex.Zero);
        rotating.Append(null, null, Sample.Entries(1, 1, payloadBytes: 5000), null, LogIndex.Zero);

        disk.FailNextDirectorySync();

        Assert.That(rotating.Flush, Throws.TypeOf<LogWriteFailedException>().With.Message.Contain("directory"));
        Assert.That(rotating.Flush, Throws.TypeOf<LogWriteFailedException>());
        Assert.That(writing.Flush, Throws.Nothing);
    }

    [Test]
    public void A_full_disk_takes_nothing_of_the_batch_and_takes_it_later()
    {
        var disk = new SimulatedDisk { Capacity = 10_000 };
        using var log = Sample.Open(disk);
        var written = 0L;

        Assert.That(
            () =>
            {
                for (; written < 1000; written++)
                    log.Write(Sample.Entry(written + 1, payloadBytes: 200));
            },
            Throws.TypeOf<DiskFullException>());
        Assert.That(log.LastIndex.Value, Is.EqualTo(written), "durable");
        Assert.That(log.HasStaged, Is.True);
        Assert.That(log.Flush, Throws.TypeOf<DiskFullException>(), "again");
        Assert.That(log.Read(new(1), int.MaxValue), Has.Length.EqualTo(written), "reads go on");

        disk.Capacity = null;
        log.Append(null, null, Sample.Entries(written + 2, 1), null, LogIndex.Zero);
        log.Flush();
        disk.Crash(new(1));
        using var reopened = Sample.Open(disk);

        Assert.That(reopened.Recovery.Entries, Has.Count.EqualTo(written + 2));
    }

    [Test]
    public void A_batch_dropped_on_a_full_disk_leaves_no_trace([Values] bool overwriteTakesSpace)
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        log.Write(Sample.Entries(1, 3, payloadBytes: 100));
        if (overwriteTakesSpace)
            disk.BytesUntilFull = 300;
        else
            disk.Capacity = 5000;
        log.Append(null, new(2), Sample.Entries(2, 2, term: 9, payloadBytes: 4000), new(new(9), new(5)), new(2));
        Assert.That(log.Flush, Throws.TypeOf<DiskFullException>());

        log.Discard();
        disk.BytesUntilFull = disk.Capacity = null;
        log.Write(Sample.Entry(4, term: 2));
        disk.Crash(new(1));
        using var reopened = Sample.Open(disk);

        Assert.That(reopened.Recovery.Entries.Select(entry => entry.Term.Value), Is.EqualTo([1L, 1, 1, 2]));
        Assert.That(reopened.Recovery.HardState, Is.EqualTo(default(HardState)));
    }

    [Test]
    public void What_a_killed_process_left_unsynced_is_made_durable_before_it_is_trusted()
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        log.Append(null, null, Sample.Entries(1, 2), null, LogIndex.Zero);
        disk.CrashAtOperation = disk.Operations + 2;
        Assert.That(log.Flush, Throws.TypeOf<SimulatedDiskCrash>(), "between write and sync");
        disk.CrashAtOperation = null;

        disk.Kill();
        using var reopened = Sample.Open(disk);
        Assert.That(reopened.Recovery.Entries, Has.Count.EqualTo(2), "it is in the page cache");
        for (var seed = 0; seed < 20; seed++)
        {
            var lost = disk.Fork();
            lost.Crash(new(seed));
            using var afterPowerLoss = Sample.Open(lost);
            Assert.That(afterPowerLoss.Recovery.Entries, Has.Count.EqualTo(2), $"seed {seed}");
        }
    }

    [Test]
    public void A_segment_whose_name_a_killed_process_left_unsynced_is_made_durable_too([Range(1, 12)] int killAt)
    {
        var disk = new SimulatedDisk();
        var log = Sample.Open(disk);
        while (log.PrepareSpare())
            Assert.That(disk.BytesWritten, Is.LessThan(20_000));
        log.Write(Sample.Entries(1, 1, payloadBytes: 2000));
        disk.CrashAtOperation = disk.Operations + killAt;
        try
        {
            log.Write(Sample.Entries(2, 1, payloadBytes: 2000));
        }
        catch (SimulatedDiskCrash)
        {
            // Killed somewhere in the rotation; the machine goes on.
        }

        disk.CrashAtOperation = null;
        disk.Kill();
        using var reopened = Sample.Open(disk);
        var found = reopened.Recovery.Entries.Count;
        for (var seed = 0; seed < 10; seed++)
        {
            var lost = disk.Fork();
            lost.Crash(new(seed));
            using var afterPowerLoss = Sample.Open(lost);
            Assert.That(afterPowerLoss.Recovery.Entries, Has.Count.EqualTo(found), $"seed {seed}");
        }
    }

    [Test]
    public void What_breaks_the_rules_of_the_log_is_refused_before_it_is_written()
    {
        var log = Sample.Open(new SimulatedDisk());
        log.Append(null, null, Sample.Entries(1, 5, term: 3), new(new(3), new(1)), new(3));
        log.Flush();

        using (log)
        using (Assert.EnterMultipleScope())
        {
            Refused(null, [Sample.Entry(7, term: 3)], null, "a gap");
            Refused(null, [Sample.Entry(6, term: 2)], null, "a falling term of an entry");
            Refused(new LogIndex(3), [], null, "a truncation of what is committed");
            Refused(null, [], new HardState(new(2), default), "a falling term");
            Refused(null, [], new HardState(new(3), new(2)), "a second vote in a term");
        }

        void Refused(LogIndex? truncateFrom, LogEntry[] entries, HardState? state, string why)
        {
            Assert.That(() => log.Append(null, truncateFrom, entries, state, new(3)),
                Throws.TypeOf<InvariantException>(), why);
            log.Discard();
        }
    }

    [Test]
    public void Appending_allocates_nothing_for_each_entry()
    {
        using var directory = new TemporaryDirectory();
        using var log = Sample.Open(new PosixDisk(directory.Path), new() { SegmentBytes = 4 << 20 });
        var entries = Sample.Entries(1, 2000);
        Append(0, 1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Append(1000, 1000);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2000), "bytes for 1000 entries");

        void Append(int first, int count)
        {
            for (var i = first; i < first + count; i += 10)
            {
                log.Append(null, null, entries.AsSpan(i, 10), null, new(i));
                if (i % 100 == 0)
                    log.Flush();
            }
        }
    }
}
