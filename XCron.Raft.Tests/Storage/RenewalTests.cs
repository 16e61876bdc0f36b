using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class RenewalTests
{
    private static readonly Guid Cluster = Sample.Identity.ClusterId;

    private static Membership Three { get; } = new(
        Cluster, [new(Sample.Identity.Node, "a:1"), new(new(2), "b:1"), new(new(3), "c:1")]);

    [Test]
    public void Joining_anew_keeps_every_old_file_and_makes_a_new_node_of_the_same_cluster()
    {
        var disk = StoppedNode.Make(Three);
        var before = disk.List().ToDictionary(name => name, disk.ReadAll);
        using var recovery = new RaftRecovery("data", disk, null);

        var done = (RecoveryOutcome.Done)recovery.JoinAnew(Three);

        var identity = IdentityFile.LoadOrCreate(disk, static () => 99);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(disk.List(), Is.EqualTo([IdentityFile.Name]));
            Assert.That(identity.Node, Is.Not.EqualTo(Sample.Identity.Node).And.Not.EqualTo(new NodeId(99)));
            Assert.That(identity.ClusterId, Is.EqualTo(Cluster));
            Assert.That(identity.HasLog, Is.False, "its log is yet to begin");
            foreach (var (name, bytes) in before)
                Assert.That(disk.ReadAll($"{done.Folder}/{name}"), Is.EqualTo(bytes), name);
        }
    }

    [Test]
    public void A_crash_at_any_operation_leaves_the_old_directory_or_leads_to_the_new_one([Range(1, 3)] int seed)
    {
        var isOver = false;
        for (var crashAt = 1; !isOver; crashAt++)
        {
            var disk = StoppedNode.Make(Three);
            disk.Crash(new(seed)); // what the node itself left unsynced is not what is looked at here
            var expected = StoppedNode.Start(disk.Fork()).Content;
            var before = disk.List().ToDictionary(name => name, disk.ReadAll);
            disk.CrashAtOperation = disk.Operations + crashAt;
            isOver = !Crashes(() => new RaftRecovery("data", disk, null).JoinAnew(Three));
            disk.Crash(new(seed + (100 * crashAt)));

            // The next start may die too, once.
            disk.CrashAtOperation = disk.Operations + 1 + (crashAt * seed % 7);
            if (Crashes(() => Renewal.Finish(disk)))
                disk.Crash(new(seed));
            disk.CrashAtOperation = null;
            Renewal.Finish(disk);

            var where = $"seed {seed}, crash at {crashAt}";
            Assert.That(disk.List(), Has.None.StartsWith("next.").And.None.StartsWith("renewal"), where);
            var identity = IdentityFile.LoadOrCreate(disk, static () => 99);
            if (identity.Node == Sample.Identity.Node)
            {
                Assert.That(isOver, Is.False, where);
                Assert.That(StoppedNode.Start(disk).Content, Is.EqualTo(expected), where);
                continue;
            }

            Assert.That(disk.List(), Is.EqualTo([IdentityFile.Name]), where);
            foreach (var (name, bytes) in before)
                Assert.That(disk.ReadAll($"damaged-001/{name}"), Is.EqualTo(bytes), $"{where}, {name}");
        }
    }

    [Test]
    public void Folders_are_never_taken_away_and_so_there_is_an_end_to_them()
    {
        var disk = StoppedNode.Make(Three);
        RecoveryOutcome outcome = null!;
        for (var i = 0; i <= Renewal.MaxFolders; i++)
        {
            using var recovery = new RaftRecovery("data", disk, null);
            outcome = recovery.JoinAnew(Three);
        }

        Assert.That(disk.Folders(), Is.EquivalentTo(["damaged-001", "damaged-002", "damaged-003"]));
        Assert.That(((RecoveryOutcome.Refused)outcome).Why, Does.Contain("damaged-001, damaged-002, damaged-003"));
    }

    [Test]
    public void Another_clusters_membership_is_refused_and_nothing_changes()
    {
        var disk = StoppedNode.Make(Three);
        using var recovery = new RaftRecovery("data", disk, null);

        var outcome = recovery.JoinAnew(new Membership(new Guid(1, 2, 3, new byte[8]), Three.Members));

        Assert.That(outcome, Is.InstanceOf<RecoveryOutcome.Refused>());
        Assert.That(StoppedNode.Start(disk).Content, Is.Not.Null);
    }

    [Test]
    public void A_decision_with_a_flipped_bit_is_damage()
    {
        var disk = StoppedNode.Make(Three);
        IdentityFile.Save(Renewal.Stage(disk), new() { Node = new(7) });
        disk.CrashAtOperation = disk.Operations + 5;
        Assert.That(Crashes(() => Renewal.CarryOut(disk, [])), Is.True);
        disk.Kill();
        disk.CrashAtOperation = null;
        Assert.That(disk.Exists(Renewal.Decision), Is.True);

        for (var at = 0; at < disk.ReadAll(Renewal.Decision).Length; at++)
        {
            var damaged = disk.Fork();
            damaged.FlipBit(Renewal.Decision, at);
            Assert.That(() => Renewal.Finish(damaged), Throws.InstanceOf<LogDamagedException>(), $"byte {at}");
        }
    }

    private static bool Crashes(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (SimulatedDiskCrash)
        {
            return true;
        }
    }
}
