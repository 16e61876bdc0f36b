using NUnit.Framework.Constraints;
using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class WriteAheadLogDamageTests
{
    [Test]
    public void The_last_batch_cut_at_any_byte_is_dropped_whole_and_reported()
    {
        var disk = WithBatches(3, out var offsets).WithoutWatermark();
        var segment = disk.Segments()[^1];
        var (start, end) = (offsets[^2], offsets[^1]);
        for (var cut = start; cut < end; cut++)
        {
            var torn = disk.Fork();
            torn.Overwrite(segment, cut, new byte[end - cut]);
            using var log = Sample.Open(torn);

            Assert.That(log.Recovery.Entries, Has.Count.EqualTo(4), $"cut at {cut - start}");
            Assert.That(log.Recovery.Torn is null, Is.EqualTo(cut == start), $"cut at {cut - start}");
            Assert.That(log.Recovery.Torn?.Offset ?? start, Is.EqualTo(start));

            log.Write(Sample.Entry(5, term: 2));
            torn.Crash(new(1));
            using var reopened = Sample.Open(torn);
            Assert.That(reopened.Recovery.Entries, Has.Count.EqualTo(5), $"cut at {cut - start}");
            Assert.That(reopened.Recovery.Torn, Is.Null, "it was cleared away");
        }
    }

    [Test]
    public void A_torn_tail_names_file_offset_and_size()
    {
        var disk = WithBatches(3, out var offsets).WithoutWatermark();
        var segment = disk.Segments()[^1];
        disk.FlipBit(segment, offsets[^1] - 1);

        using var log = Sample.Open(disk);

        Assert.That(log.Recovery.Torn, Is.EqualTo(new TornTail(segment, offsets[^2], offsets[^1] - offsets[^2])));
    }

    [Test]
    public void A_bit_flipped_anywhere_before_the_last_batch_is_found_at_its_batch()
    {
        var disk = WithBatches(4, out var offsets);
        var segment = disk.Segments()[0];
        for (var at = 0L; at < offsets[^2]; at++)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(segment, at, (int)(at % 8));
            var batch = at < SegmentHeader.Bytes ? 0 : offsets.Last(offset => offset <= at);

            Assert.That(() => Sample.Open(damaged), Throws.TypeOf<LogDamagedException>()
                .With.Property("File").EqualTo(segment).And.Property("Offset").EqualTo(batch), $"byte {at}");
        }
    }

    [Test]
    public void A_bit_flipped_in_a_confirmed_last_batch_is_no_torn_tail()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            log.Write(Sample.Entries(1, 2));
            log.Confirm();
            var operations = disk.Operations;
            log.Confirm();
            Assert.That(disk.Operations, Is.EqualTo(operations), "once is enough");
        }

        disk.FlipBit(disk.Segments()[0], BatchBuffer.PrefixBytes + 60);

        Assert.That(() => Sample.Open(disk), Damage(disk.Segments()[0], BatchBuffer.PrefixBytes));
    }

    [Test]
    public void A_zeroed_page_in_the_middle_is_damage()
    {
        var disk = WithBatches(8, out var offsets);
        var segment = disk.Segments()[0];
        disk.Overwrite(segment, offsets[2], new byte[offsets[4] - offsets[2]]);

        Assert.That(() => Sample.Open(disk), Damage(segment, offsets[2]));
    }

    [Test]
    public void Damage_in_an_older_segment_is_found_to_its_last_batch()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            while (log.SegmentCount < 3)
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
        }

        var bytes = disk.ReadAll(disk.Segments()[1]);
        var last = bytes.AsSpan().LastIndexOf("XFRM"u8);
        var beforeLast = bytes.AsSpan(0, last).LastIndexOf("XFRM"u8);
        disk.FlipBit(disk.Segments()[1], last - 20);

        Assert.That(() => Sample.Open(disk), Damage(disk.Segments()[1], beforeLast));
    }

    [Test]
    public void A_batch_that_began_a_segment_was_durable_before_and_is_not_torn()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            while (log.SegmentCount < 2)
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
        }

        disk.FlipBit(disk.Segments()[^1], BatchBuffer.PrefixBytes + 70);

        Assert.That(() => Sample.Open(disk), Damage(disk.Segments()[^1], BatchBuffer.PrefixBytes));
    }

    [Test]
    public void A_missing_segment_is_damage_wherever_it_was()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            while (log.SegmentCount < 4)
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
        }

        using (Assert.EnterMultipleScope())
        {
            foreach (var missing in disk.Segments())
            {
                var damaged = disk.Fork();
                damaged.Remove(missing);
                Assert.That(() => Sample.Open(damaged), Throws.TypeOf<LogDamagedException>(), missing);
            }
        }
    }

    [Test]
    public void A_copied_swapped_or_shortened_segment_is_damage()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            while (log.SegmentCount < 3)
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
        }

        var segments = disk.Segments();
        var copied = disk.Fork();
        copied.Put(LogSegment.NameFor(5), disk.ReadAll(segments[0]));
        var swapped = disk.Fork();
        swapped.Put(segments[1], disk.ReadAll(segments[2]));
        var shortened = disk.Fork();
        shortened.Put(segments[2], disk.ReadAll(segments[2]).AsSpan(0, 2048));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Sample.Open(copied), Damage(LogSegment.NameFor(5), 40));
            Assert.That(() => Sample.Open(swapped), Damage(segments[1], 40));
            Assert.That(() => Sample.Open(shortened), Damage(segments[2], 2048));
        }
    }

    [Test]
    public void A_write_that_landed_elsewhere_is_damage()
    {
        var disk = WithBatches(2, out var offsets);
        var log = Sample.Open(disk);
        disk.MisdirectNextWrite(disk.Segments()[0], 2048);
        log.Write(Sample.Entry(5));
        log.Dispose();
        Assert.That(() => Sample.Open(disk), Damage(disk.Segments()[0], offsets[^1]), "it stands at another place");

        disk = WithBatches(2, out offsets);
        log = Sample.Open(disk);
        disk.MisdirectNextWrite(disk.Segments()[0], offsets[1]);
        log.Write(Sample.Entry(5));
        log.Write(Sample.Entry(6));
        log.Dispose();
        Assert.That(() => Sample.Open(disk), Damage(disk.Segments()[0], offsets[1]), "over an older batch");
    }

    [Test]
    public void A_batch_of_another_history_breaks_the_chain()
    {
        var disk = WithBatches(2, out var offsets);
        var other = disk.Fork();
        AddTwo(disk, 1);
        AddTwo(other, 2);
        disk.WithoutWatermark();
        var segment = disk.Segments()[0];
        var frameBytes = (int)(offsets[^1] - offsets[^2]);
        var last = (int)offsets[^1] + frameBytes;

        disk.Overwrite(segment, last, other.ReadAll(segment).AsSpan(last, frameBytes));

        Assert.That(() => Sample.Open(disk), Damage(segment, last));

        static void AddTwo(SimulatedDisk disk, long term)
        {
            using var log = Sample.Open(disk);
            log.Write(Sample.Entries(5, 2, term));
            log.Write(Sample.Entries(7, 2, term));
        }
    }

    [Test]
    public void Whatever_happens_to_one_batch_only_the_last_can_be_missing_unnoticed(
        [Range(1, 40)] int seed, [Values] bool powerWasLost)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk();
        var beforeLast = 0L;
        var last = 0L;
        using (var log = Sample.Open(disk))
        {
            for (var i = 0; i < 25; i++)
            {
                (beforeLast, var count) = (last, random.Next(1, 4));
                log.Write(Sample.Entries(last + 1, count, payloadBytes: random.Next(300)));
                last += count;
            }
        }

        if (powerWasLost)
            disk.WithoutWatermark();
        for (var i = 0; i < 25; i++)
        {
            var damaged = disk.Fork();
            var segment = disk.Segments()[random.Next(disk.Segments().Length)];
            var (at, end) = AnyFrame(disk.ReadAll(segment), random);
            at = random.Next(at, end);
            var bytes = new byte[random.Next(1, end - at + 1)];
            if (random.Next(2) == 0)
                random.NextBytes(bytes);
            var where = $"seed {seed}, {segment} from {at} to {at + bytes.Length}";
            damaged.Overwrite(segment, at, bytes);
            try
            {
                using var log = Sample.Open(damaged);
                var least = powerWasLost ? beforeLast : last;
                Assert.That(log.LastIndex.Value, Is.EqualTo(least).Or.EqualTo(last), where);
                Assert.That(log.Recovery.Entries, Has.Count.EqualTo(log.LastIndex.Value), where);
            }
            catch (LogDamagedException damage)
            {
                Assert.That(damage.File, Does.StartWith("log-"), where);
            }
        }
    }

    [Test]
    public void Another_nodes_or_clusters_log_is_refused()
    {
        var disk = WithBatches(2, out _);
        var otherNode = Sample.Identity with { Node = new(5) };
        var otherCluster = Sample.Identity with { ClusterId = new("00000000-4a57-4d1e-9c59-5d2c6f0b7e11") };

        using (Assert.EnterMultipleScope())
        {
            foreach (var other in new[] { otherNode, otherCluster })
            {
                Assert.That(() => WriteAheadLog.Open(disk, other, Sample.SmallSegments, null),
                    Damage(disk.Segments()[0], 16));
            }
        }
    }

    [Test]
    public void A_format_of_the_future_is_refused_by_its_number()
    {
        var disk = WithBatches(2, out _);
        var bytes = disk.ReadAll(disk.Segments()[0]);
        bytes[8] = 2;
        BitConverter.TryWriteBytes(bytes.AsSpan(60), Checksum.Of(bytes.AsSpan(0, 60)));
        disk.Put(disk.Segments()[0], bytes);

        Assert.That(() => Sample.Open(disk),
            Throws.TypeOf<UnsupportedFormatException>().With.Message.Contain("format 2"));
    }

    [Test]
    public void A_log_that_begins_behind_the_snapshot_has_a_hole()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
        {
            while (log.SegmentCount < 4)
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
            log.CompactTo(new(50));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Sample.Open(disk), Throws.TypeOf<LogDamagedException>());
            Assert.That(() => Sample.Open(disk, snapshot: Sample.Mark(10, 1)),
                Throws.TypeOf<LogDamagedException>().With.Message.Contain("snapshot ends at 10"));
            Assert.That(() => Sample.Open(new SimulatedDisk(), snapshot: Sample.Mark(10, 1)),
                Throws.TypeOf<LogDamagedException>());
        }
    }

    [Test]
    public void Damage_that_comes_after_opening_is_found_when_it_is_read()
    {
        var disk = WithBatches(4, out var offsets);
        using var log = Sample.Open(disk);

        disk.FlipBit(disk.Segments()[0], offsets[1] + 50);

        Assert.That(() => log.Read(new(1), int.MaxValue), Damage(disk.Segments()[0], offsets[1]));
    }

    [Test]
    public void Files_of_other_names_are_left_alone()
    {
        var disk = WithBatches(2, out _);
        disk.Put("log-0000000000000001.bak", [1, 2, 3]);
        disk.Put("log-000000000000000A", [1, 2, 3]);

        using var log = Sample.Open(disk);

        Assert.That(log.Recovery.Entries, Has.Count.EqualTo(4));
    }

    /// <summary>A log of one segment with batches of two entries; where each begins, and last where they end.</summary>
    private static SimulatedDisk WithBatches(int count, out List<long> offsets)
    {
        var disk = new SimulatedDisk();
        using var log = Sample.Open(disk);
        offsets = [SegmentHeader.Bytes, BatchBuffer.PrefixBytes];
        for (var i = 0; i < count; i++)
        {
            log.Write(Sample.Entries(1 + (2 * i), 2));
            offsets.Add(log.DurableBytes);
        }

        return disk;
    }

    /// <summary>Where a frame of the segment begins and where it ends at most.</summary>
    private static (int Start, int End) AnyFrame(ReadOnlySpan<byte> segment, Random random)
    {
        var starts = new List<int>();
        for (var at = 0; at < segment.Length; at += 8)
        {
            if (segment[at..].StartsWith("XFRM"u8))
                starts.Add(at);
        }

        var i = random.Next(starts.Count);
        return (starts[i], i + 1 < starts.Count ? starts[i + 1] : Math.Min(segment.Length, starts[i] + 100));
    }

    private static EqualNumericConstraint<long> Damage(string file, long offset) =>
        Throws.TypeOf<LogDamagedException>()
            .With.Property("File").EqualTo(file).And.Property("Offset").EqualTo(offset);
}
