namespace XCron.Raft.Tests.Simulation;

internal sealed class SimulatedDiskTests
{
    [Test]
    public void What_was_synced_survives_and_what_was_not_may_go()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 60; seed++)
        {
            var disk = new SimulatedDisk();
            var file = disk.Create("a");
            file.Write(0, [1, 1]);
            file.Sync();
            disk.SyncDirectory();
            file.Write(0, [2, 2]);
            disk.Create("b");
            disk.Crash(new(seed));

            outcomes.Add(string.Join(",", disk.ReadAll("a")) + (disk.Exists("b") ? " b" : ""));
        }

        Assert.That(outcomes, Is.EquivalentTo(["1,1", "2,2", "1,1 b", "2,2 b"]));
    }

    [Test]
    public void A_file_whose_name_was_not_synced_may_vanish_with_its_synced_content()
    {
        var survived = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var disk = new SimulatedDisk();
            using var file = disk.Create("a");
            file.Write(0, [1]);
            file.Sync();
            disk.Crash(new(seed));
            survived += disk.Exists("a") ? 1 : 0;
        }

        Assert.That(survived, Is.InRange(10, 50));
    }

    [Test]
    public void A_write_is_torn_between_sectors_or_anywhere([Values] bool anywhere)
    {
        var lengths = new HashSet<int>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new SimulatedDisk { TearsAnywhere = anywhere };
            using var file = disk.Create("a");
            disk.SyncDirectory();
            file.Write(0, Enumerable.Repeat((byte)1, 2000).ToArray());
            disk.Crash(new(seed));
            lengths.Add(disk.ReadAll("a").Length);
        }

        Assert.That(lengths, Does.Contain(0).And.Contain(2000));
        Assert.That(lengths.Any(length => length is > 0 and < 2000), Is.True);
        Assert.That(lengths.Any(length => length % 512 != 0 && length != 2000), Is.EqualTo(anywhere));
    }

    [Test]
    public void After_a_failed_sync_a_later_one_does_not_bring_the_bytes_back()
    {
        var disk = new SimulatedDisk();
        using var file = disk.Create("a");
        disk.SyncDirectory();
        file.Write(0, [1]);
        disk.FailNextSync();
        Assert.That(file.Sync, Throws.InstanceOf<IOException>());

        Assert.That(file.Sync, Throws.Nothing);
        disk.Crash(new(1));

        Assert.That(disk.ReadAll("a"), Is.All.Zero);
    }

    [Test]
    public void A_file_opened_before_the_crash_is_void()
    {
        var disk = new SimulatedDisk();
        var file = disk.Create("a");
        disk.Crash(new(1));

        Assert.That(() => file.Write(0, [1]), Throws.InvalidOperationException);
    }
}
