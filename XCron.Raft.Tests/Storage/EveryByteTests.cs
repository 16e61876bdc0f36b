using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

/// <summary>
/// One flipped bit in any byte of any file of a stopped node: it is found, under the file's name and no later than
/// where it is; or what it hit is nothing that a node takes anything from.
/// </summary>
internal sealed class EveryByteTests
{
    private const int Stride = 5;

    [Test]
    public void The_directory_has_every_kind_of_file()
    {
        var names = StoppedNode.Make().List();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(names.Count(name => LogSegment.IsName(name, out _)), Is.GreaterThanOrEqualTo(3));
            Assert.That(names.Count(name => name.StartsWith("snapshot-", StringComparison.Ordinal)), Is.EqualTo(2));
            Assert.That(names, Has.Some.StartsWith("spare-"));
            Assert.That(names, Does.Contain(IdentityFile.Name).And.Contain(Watermark.Name));
        }
    }

    [Test]
    public void A_flipped_bit_is_found_or_harmless([Range(0, Stride - 1)] int offset) => FlipEach(offset, Stride, 1);

    [Test]
    [Explicit("All eight bits of all bytes, about a minute.")]
    public void All_bits_of_all_bytes() => FlipEach(0, 1, 8);

    [Test]
    public void Where_power_was_lost_only_the_last_batch_can_be_missing_and_the_log_says_so()
    {
        var disk = StoppedNode.Make().WithoutWatermark();
        var expected = StoppedNode.Start(disk.Fork()).Content!;
        var segment = disk.Segments()[^1];
        var bytes = disk.ReadAll(segment).Length;
        for (var at = 0; at < bytes; at += 3)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(segment, at, at % 8);
            var found = StoppedNode.Start(damaged);

            // Behind the last batch is an empty one, which confirms it: without that, it would be missing.
            Assert.That(found.Content is null || found.Content == expected, $"{segment}, byte {at}");
            Assert.That(found.Damage?.File, Is.Null.Or.EqualTo(segment), $"byte {at}");
        }
    }

    private static void FlipEach(int from, int stride, int bits)
    {
        var disk = StoppedNode.Make();
        var expected = StoppedNode.Start(disk.Fork()).Content;
        Assert.That(expected, Is.Not.Null);
        var harmless = new Dictionary<string, int>();
        var found = new Dictionary<string, int>();
        foreach (var name in disk.List())
        {
            var bytes = disk.ReadAll(name).Length;
            for (var at = from; at < bytes; at += stride)
            {
                for (var bit = 0; bit < bits; bit++)
                {
                    var isFound = Flip(disk, expected!, name, at, (at + bit) % 8);
                    var counts = isFound ? found : harmless;
                    counts[name] = counts.GetValueOrDefault(name) + 1;
                }
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Keys, Does.Contain(IdentityFile.Name).And.Contain(Watermark.Name));
            Assert.That(harmless.Keys, Has.None.EqualTo(IdentityFile.Name).And.None.StartsWith("snapshot-"));
            Assert.That(found.Keys, Has.None.StartsWith("spare-"), "nothing is read from a spare");
            foreach (var segment in disk.Segments())
                Assert.That(found.Keys, Does.Contain(segment));
        }
    }

    private static bool Flip(SimulatedDisk disk, string expected, string name, int at, int bit)
    {
        var damaged = disk.Fork();
        damaged.FlipBit(name, at, bit);
        var finding = StoppedNode.Start(damaged);
        var where = $"{name}, byte {at}, bit {bit}";
        if (finding.Damage is { } damage)
        {
            Assert.That(damage.File, Is.EqualTo(name), where);
            Assert.That(damage.Offset, Is.LessThanOrEqualTo(at), where);
            return true;
        }

        Assert.That(finding.Content, Is.EqualTo(expected), where);
        if (finding.Recovery!.WatermarkUnreadableAt is { } slot)
        {
            Assert.That(name, Is.EqualTo(Watermark.Name), where);
            Assert.That(slot, Is.LessThanOrEqualTo(at), where);
            return true;
        }

        // Told as the remains of a write that was cut short, which it cannot be told from.
        Assert.That(finding.Recovery.Torn?.File, Is.Null.Or.EqualTo(name), where);
        return finding.Recovery.Torn is not null;
    }
}
