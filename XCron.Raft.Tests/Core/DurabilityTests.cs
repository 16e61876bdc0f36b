using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

internal sealed class DurabilityTests
{
    [Test]
    public void What_it_calls_durable_is_what_log_and_disk_have_in_common([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        var durability = new Durability(LogIndex.Zero);

        // The model: each entry has an identity; a write holds the whole log as it was when it was asked for.
        var log = new List<int>();
        var disk = new List<int>();
        var pending = new Queue<(long Sequence, int[] Log)>();
        var (identity, sequence, floor) = (0, 0L, 0);
        for (var step = 0; step < 500; step++)
        {
            switch (random.Next(12))
            {
                case < 4:
                    log.Add(++identity);
                    break;
                case < 6 when log.Count > floor:
                    var from = random.Next(floor, log.Count);
                    log.RemoveRange(from, log.Count - from);
                    durability.TruncateFrom(Make.At(from + 1));
                    break;
                case < 9:
                    pending.Enqueue((++sequence, [.. log]));
                    durability.Wrote(sequence, Make.At(log.Count));
                    break;
                case < 11 when pending.Count > 0:
                    var (confirmed, content) = pending.Dequeue();
                    while (random.Next(3) == 0 && pending.Count > 0)
                        (confirmed, content) = pending.Dequeue(); // several in one flush
                    disk = [.. content];
                    durability.Confirm(confirmed);
                    break;
                case 11 when random.Next(8) == 0:
                    floor = log.Count + random.Next(4);
                    log = [.. Enumerable.Range(0, floor).Select(_ => ++identity)];
                    disk = [.. log]; // the snapshot is on disk itself, and older writes are behind it
                    pending = new(pending.Select(write => (write.Sequence, log.ToArray())));
                    durability.Reset(Make.At(floor));
                    break;
            }

            var common = log.Zip(disk).TakeWhile(pair => pair.First == pair.Second).Count();
            Assert.That(durability.Index.Value, Is.EqualTo(common), $"seed {seed} step {step}");
        }
    }

    [Test]
    public void Writes_that_become_durable_out_of_order_break_an_invariant()
    {
        var durability = new Durability(LogIndex.Zero);
        durability.Confirm(2);

        Assert.That(() => durability.Confirm(1), Throws.TypeOf<InvariantException>());
    }
}
