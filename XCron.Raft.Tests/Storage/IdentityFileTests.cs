using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class IdentityFileTests
{
    [Test]
    public void An_empty_directory_gets_an_identity_once_and_keeps_it()
    {
        var disk = new SimulatedDisk();
        var draws = new Queue<ulong>([0, 77, 88]);

        var made = IdentityFile.LoadOrCreate(disk, draws.Dequeue);
        disk.Crash(new(1));
        var loaded = IdentityFile.LoadOrCreate(disk, draws.Dequeue);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(made.Node, Is.EqualTo(new NodeId(77)), "zero is nobody");
            Assert.That(loaded.Node, Is.EqualTo(made.Node));
            Assert.That(loaded.IsFormed, Is.False);
            Assert.That(loaded.InitialMembership.IsEmpty, Is.True);
        }
    }

    [Test]
    public void A_crash_while_the_cluster_is_written_down_leaves_the_old_or_the_new_identity([Range(1, 8)] int crashAt)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var disk = new SimulatedDisk();
            var old = IdentityFile.LoadOrCreate(disk, static () => 5);
            var formed = old with
            {
                ClusterId = Sample.Identity.ClusterId,
                InitialMembership = Sample.Membership.Encode(),
            };
            disk.CrashAtOperation = disk.Operations + crashAt;
            var isAcked = false;
            try
            {
                IdentityFile.Save(disk, formed);
                isAcked = true;
            }
            catch (SimulatedDiskCrash)
            {
                // What is left is looked at below.
            }

            disk.Crash(new(seed));
            var loaded = IdentityFile.LoadOrCreate(disk, static () => 6);

            Assert.That(loaded.Node, Is.EqualTo(new NodeId(5)), $"seed {seed}");
            Assert.That(loaded.IsFormed, Is.EqualTo(true).Or.EqualTo(isAcked), $"seed {seed}");
            if (loaded.IsFormed)
                Assert.That(loaded.InitialMembership.ToArray(), Is.EqualTo(Sample.Membership.Encode()), $"seed {seed}");
        }
    }

    [Test]
    public void Any_flipped_bit_is_damage()
    {
        var disk = new SimulatedDisk();
        IdentityFile.Save(disk, new() { Node = new(5), InitialMembership = Sample.Membership.Encode() });
        for (var at = 0; at < disk.ReadAll(IdentityFile.Name).Length; at++)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(IdentityFile.Name, at);
            Assert.That(() => IdentityFile.LoadOrCreate(damaged, static () => 6),
                Throws.TypeOf<LogDamagedException>().With.Property("File").EqualTo("identity"), $"byte {at}");
        }
    }

    [Test]
    public void A_directory_with_a_log_and_no_identity_gets_no_new_one()
    {
        var disk = new SimulatedDisk();
        Sample.Open(disk).Dispose();

        Assert.That(() => IdentityFile.LoadOrCreate(disk, static () => 6),
            Throws.TypeOf<LogDamagedException>().With.Message.Contain("missing"));
    }

    [Test]
    public void A_format_of_the_future_is_refused_by_its_number()
    {
        var disk = new SimulatedDisk();
        IdentityFile.Save(disk, new() { Node = new(5) });
        var bytes = disk.ReadAll(IdentityFile.Name);
        bytes[8] = 3;
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), Checksum.Of(bytes.AsSpan(0, bytes.Length - 4)));
        disk.Put(IdentityFile.Name, bytes);

        Assert.That(() => IdentityFile.LoadOrCreate(disk, static () => 6),
            Throws.TypeOf<UnsupportedFormatException>().With.Message.Contain("format 3"));
    }
}
