using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class WatermarkTests
{
    [Test]
    public void The_last_batches_destroyed_together_are_damage_and_not_the_logs_end([Range(1, 5)] int lost)
    {
        var disk = new SimulatedDisk();
        var offsets = new List<long>();
        using (var log = Sample.Open(disk))
        {
            for (var i = 1; i <= 6; i++)
            {
                offsets.Add(log.DurableBytes);
                log.Write(Sample.Entry(i));
            }
        }

        var (segment, from) = (disk.Segments()[0], offsets[^lost]);
        disk.Overwrite(segment, from, new byte[SampleBytes(disk, segment) - from]);

        Assert.That(() => Sample.Open(disk), Throws.TypeOf<LogDamagedException>()
            .With.Property("File").EqualTo(segment).And.Property("Offset").EqualTo(from)
            .And.Message.Contains("with entry 6 as the last"));
    }

    [Test]
    public void After_a_loss_of_power_the_mark_is_never_ahead_of_the_log([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk { TearsAnywhere = seed % 2 == 0 };
        var last = 0L;
        for (var life = 0; life < 10; life++)
        {
            disk.CrashAtOperation = disk.Operations + random.Next(1, 30);
            try
            {
                using var log = Sample.Open(disk);
                Assert.That(log.LastIndex.Value, Is.GreaterThanOrEqualTo(last), $"seed {seed}, life {life}");
                last = log.LastIndex.Value;
                while (true)
                {
                    log.Write(Sample.Entry(last + 1, payloadBytes: random.Next(300)));
                    last++;
                    if (random.Next(4) == 0)
                        log.Confirm();
                }
            }
            catch (SimulatedDiskCrash)
            {
                disk.Crash(random);
            }
        }
    }

    [Test]
    public void A_confirmed_mark_survives_a_loss_of_power()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var disk = new SimulatedDisk();
            long from;
            using (var log = Sample.Open(disk))
            {
                from = log.DurableBytes;
                log.Write(Sample.Entries(1, 3));
                log.Confirm();
            }

            disk.Crash(new(seed));
            var segment = disk.Segments()[0];
            disk.Overwrite(segment, from, new byte[SampleBytes(disk, segment) - from]);

            Assert.That(() => Sample.Open(disk), Throws.TypeOf<LogDamagedException>(), $"seed {seed}");
        }
    }

    [Test]
    public void The_newest_segment_cannot_be_deleted_unnoticed_even_where_the_mark_of_its_being_there_is_gone()
    {
        var disk = new SimulatedDisk();
        long continuedAt;
        using (var log = Sample.Open(disk))
        {
            do
            {
                continuedAt = log.DurableBytes;
                log.Write(Sample.Entry(log.LastIndex.Value + 1, payloadBytes: 150));
            }
            while (log.SegmentCount < 2);
        }

        disk.Overwrite(disk.Segments()[0], continuedAt, new byte[FrameHeader.Bytes + FrameHeader.TrailerBytes]);
        disk.Remove(disk.Segments()[1]);

        Assert.That(() => Sample.Open(disk), Throws.TypeOf<LogDamagedException>()
            .With.Property("File").EqualTo(disk.Segments()[0]).And.Property("Offset").EqualTo(continuedAt));
    }

    [Test]
    public void A_flipped_bit_in_the_mark_is_reported_and_takes_nothing_from_the_log()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
            log.Write(Sample.Entries(1, 3));
        var bytes = disk.ReadAll(Watermark.Name).Length;
        Assert.That(bytes, Is.EqualTo(2 * Watermark.SlotSpacing));

        for (var at = 0; at < bytes; at++)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(Watermark.Name, at, at % 8);
            using var log = Sample.Open(damaged);

            var slot = at / Watermark.SlotSpacing * Watermark.SlotSpacing;
            int? reported = at - slot < Watermark.SlotBytes ? slot : null;
            Assert.That(log.Recovery.WatermarkUnreadableAt, Is.EqualTo(reported), $"byte {at}");
            Assert.That(log.Recovery.Entries, Has.Count.EqualTo(3), $"byte {at}");
        }
    }

    [Test]
    public void Another_nodes_mark_says_nothing()
    {
        var disk = new SimulatedDisk();
        Sample.Open(disk).Dispose();

        var reading = Watermark.Read(disk, Sample.Identity with { Node = new(5) });

        Assert.That(reading.Sequence, Is.Zero);
        Assert.That(reading.UnreadableAt, Is.Not.Null);
    }

    [Test]
    public void Where_there_is_no_space_for_the_file_the_log_goes_without()
    {
        var disk = new SimulatedDisk();
        using (var log = Sample.Open(disk))
            log.Write(Sample.Entries(1, 3));
        disk.WithoutWatermark();
        disk.Capacity = 0;

        using var opened = Sample.Open(disk);

        Assert.That(opened.Recovery.Entries, Has.Count.EqualTo(3));
        Assert.That(disk.Exists(Watermark.Name), Is.False);
    }

    private static long SampleBytes(SimulatedDisk disk, string segment) => disk.ReadAll(segment).Length;
}
