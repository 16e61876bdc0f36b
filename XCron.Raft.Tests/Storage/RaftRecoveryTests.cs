using XCron.Raft.Storage;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class RaftRecoveryTests
{
    private static readonly Guid Cluster = Sample.Identity.ClusterId;

    private static Membership Three { get; } = new(
        Cluster, [new(Sample.Identity.Node, "a:1"), new(new(2), "b:1"), new(new(3), "c:1")]);

    [Test]
    public void A_report_says_what_a_whole_directory_holds_and_changes_nothing()
    {
        var disk = StoppedNode.Make(Three);
        var operations = disk.Operations;
        using var log = Sample.Open(disk.Fork(), snapshot: new SnapshotStore(disk.Fork(), Sample.Identity).Latest);

        var report = ReportOf(disk);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(disk.Operations, Is.EqualTo(operations));
            Assert.That(report.Damage, Is.Empty);
            Assert.That(report.NodeId, Is.EqualTo(Sample.Identity.Node));
            Assert.That(report.ClusterId, Is.EqualTo(Cluster));
            Assert.That(report.Epoch, Is.Zero);
            Assert.That(report.Term, Is.EqualTo(new Term(1)));
            Assert.That(report.LastIndex, Is.EqualTo(log.LastIndex).And.EqualTo(report.DurableIndex));
            Assert.That(report.Commit, Is.EqualTo(log.Recovery.Commit));
            Assert.That(report.SnapshotIndex, Is.GreaterThan(LogIndex.Zero));
            Assert.That(report.Membership!.Members, Is.EqualTo(Three.Members));
        }
    }

    [Test]
    public void Whatever_bit_is_flipped_the_report_names_the_file_and_still_knows_cluster_and_members()
    {
        var disk = StoppedNode.Make(Three);
        var whole = ReportOf(disk);
        foreach (var name in disk.List().Where(name => name != Watermark.Name && !name.StartsWith("spare-")))
        {
            var bytes = disk.ReadAll(name).Length;
            for (var at = 0; at < bytes; at += 41)
            {
                var damaged = disk.Fork();
                damaged.FlipBit(name, at, at % 8);
                var report = ReportOf(damaged);

                var where = $"{name}, byte {at}";
                Assert.That(report.Damage.Select(damage => damage.File), Is.All.EqualTo(name), where);
                Assert.That(report.ClusterId, Is.EqualTo(Cluster), where);
                Assert.That(report.NodeId, Is.EqualTo(Sample.Identity.Node), where);
                Assert.That(report.Membership?.Find(new(2))?.Address, Is.EqualTo("b:1"), where);
                Assert.That(report.LastIndex, Is.LessThanOrEqualTo(whole.LastIndex), where);
                Assert.That(report.LastIndex, Is.GreaterThanOrEqualTo(report.SnapshotIndex), where);
            }
        }
    }

    [Test]
    public void Damage_before_the_snapshot_costs_no_entry_since_a_later_segment_goes_on_from_it()
    {
        var disk = StoppedNode.Make();
        var whole = ReportOf(disk);
        disk.FlipBit(disk.Segments()[0], BatchBuffer.PrefixBytes + 50);

        var report = ReportOf(disk);
        using var recovery = new RaftRecovery("data", disk, null);
        var outcome = recovery.CutDamage();

        Assert.That(report.LastIndex, Is.EqualTo(whole.LastIndex));
        Assert.That(outcome, Is.InstanceOf<RecoveryOutcome.Done>());
        Assert.That(ReportOf(disk).LastIndex, Is.EqualTo(whole.LastIndex));
    }

    [Test]
    public void Cutting_keeps_all_before_the_damage_sets_the_rest_aside_and_leaps_over_the_terms_that_are_lost()
    {
        var disk = StoppedNode.Make();
        var (segment, at) = (disk.Segments()[^1], BatchBuffer.PrefixBytes + 20);
        disk.FlipBit(segment, at);
        var damaged = disk.ReadAll(segment);
        var report = ReportOf(disk);
        using var recovery = new RaftRecovery("data", disk, null);

        var done = (RecoveryOutcome.Done)recovery.CutDamage();

        var store = new SnapshotStore(disk, Sample.Identity);
        using var log = Sample.Open(disk, snapshot: store.Latest);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Damage.Single().File, Is.EqualTo(segment));
            Assert.That(report.DurableIndex, Is.GreaterThan(report.LastIndex));
            Assert.That(log.LastIndex, Is.EqualTo(report.LastIndex));
            Assert.That(log.Recovery.Entries[0].Index, Is.EqualTo(store.Latest!.Index.Next));
            Assert.That(log.Recovery.HardState.Term.Value, Is.GreaterThan(1 << 20));
            Assert.That(log.Recovery.Commit, Is.EqualTo(report.Commit));
            Assert.That(disk.ReadAll($"{done.Folder}/{segment}"), Is.EqualTo(damaged));
            Assert.That(IdentityFile.LoadOrCreate(disk, static () => 9).Node, Is.EqualTo(Sample.Identity.Node));
        }
    }

    [Test]
    public void Nothing_is_cut_where_nothing_is_damaged_or_where_others_have_it()
    {
        var whole = StoppedNode.Make();
        var member = StoppedNode.Make(Three);
        member.FlipBit(member.Segments()[^1], 200);
        foreach (var (disk, why) in new[] { (whole, "Nothing in data is damaged"), (member, "other members") })
        {
            var operations = disk.Operations;
            using var recovery = new RaftRecovery("data", disk, null);
            var refused = (RecoveryOutcome.Refused)recovery.CutDamage();

            Assert.That(refused.Why, Does.Contain(why));
            Assert.That(disk.Operations, Is.EqualTo(operations));
        }
    }

    [Test]
    public void A_forced_cluster_is_of_one_member_under_the_next_epoch_with_all_that_was_there()
    {
        var disk = StoppedNode.Make(Three);
        var before = ReportOf(disk);
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            using var recovery = new RaftRecovery("data", disk, null);
            Assert.That(recovery.ForceNewCluster(null, false), Is.InstanceOf<RecoveryOutcome.Done>());

            var report = ReportOf(disk);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(report.Epoch, Is.EqualTo(epoch));
                Assert.That(report.Membership!.Members, Is.EqualTo([new Member(Sample.Identity.Node, "a:1")]));
                Assert.That(report.ClusterId, Is.EqualTo(Cluster));
                Assert.That(report.LastIndex, Is.EqualTo(before.LastIndex + epoch), "one entry more: who is left");
                Assert.That(report.Commit, Is.EqualTo(report.LastIndex));
                Assert.That(report.LastTerm, Is.EqualTo(report.Term).And.GreaterThan(before.Term));
            }
        }
    }

    [Test]
    public void A_damaged_survivor_is_not_forced_unless_that_is_said()
    {
        var disk = StoppedNode.Make(Three);
        disk.FlipBit(disk.Segments()[^1], BatchBuffer.PrefixBytes + 20);
        using var recovery = new RaftRecovery("data", disk, null);

        var refused = recovery.ForceNewCluster(null, cutDamage: false);
        var done = recovery.ForceNewCluster("d:1", cutDamage: true);

        Assert.That(((RecoveryOutcome.Refused)refused).Why, Does.Contain(disk.Segments()[0]).Or.Contain("damaged"));
        Assert.That(((RecoveryOutcome.Done)done).Membership!.Members.Single().Address, Is.EqualTo("d:1"));
        Assert.That(ReportOf(disk).Damage, Is.Empty);
    }

    [Test]
    public void A_crash_at_any_operation_of_the_recovery_leaves_the_old_log_or_the_new_one()
    {
        var isOver = false;
        for (var crashAt = 1; !isOver; crashAt++)
        {
            var disk = StoppedNode.Make(Three);
            var before = ReportOf(disk);
            disk.CrashAtOperation = disk.Operations + crashAt;
            try
            {
                using var recovery = new RaftRecovery("data", disk, null);
                isOver = recovery.ForceNewCluster(null, false) is RecoveryOutcome.Done;
            }
            catch (SimulatedDiskCrash)
            {
                // What is left is looked at below.
            }

            disk.Crash(new(crashAt));
            var after = ReportOf(disk);

            var where = $"crash at {crashAt}";
            Assert.That(after.Damage, Is.Empty, where);
            Assert.That(after.Epoch, Is.EqualTo(isOver ? 1 : after.Epoch), where);
            Assert.That(after.LastIndex, Is.EqualTo(before.LastIndex + after.Epoch), where);
            Assert.That(after.Membership!.Members, Has.Length.EqualTo(after.Epoch == 0 ? 3 : 1), where);
        }
    }

    [Test]
    public void A_fresh_directory_and_one_without_a_readable_log_are_not_recovered()
    {
        var fresh = new SimulatedDisk();
        IdentityFile.LoadOrCreate(fresh, static () => 5);
        using var recovery = new RaftRecovery("data", fresh, null);

        Assert.That(recovery.ForceNewCluster("a:1", true), Is.InstanceOf<RecoveryOutcome.Refused>());
        Assert.That(recovery.CutDamage(), Is.InstanceOf<RecoveryOutcome.Refused>());
        Assert.That(recovery.Report.ClusterId, Is.Null);
    }

    [Test]
    public void A_locked_or_missing_directory_is_refused()
    {
        var path = Directory.CreateTempSubdirectory("xcron-recover-");
        try
        {
            using var directory = RaftDirectory.Open(path.FullName);
            Assert.That(() => RaftRecovery.Open(path.FullName), Throws.InstanceOf<DirectoryLockedException>());
        }
        finally
        {
            path.Delete(recursive: true);
        }

        Assert.That(() => RaftRecovery.Open(path.FullName), Throws.InstanceOf<DirectoryNotFoundException>());
        Assert.That(path.Exists, Is.False);
    }

    [Test]
    public void An_epoch_is_in_the_bytes_of_a_membership_only_where_there_is_one()
    {
        var first = new Membership(Cluster, Three.Members) { Epoch = 3 };

        var decoded = Membership.Decode(first.Encode());

        Assert.That(decoded.Epoch, Is.EqualTo(3));
        Assert.That(decoded.Members, Is.EqualTo(Three.Members));
        Assert.That(first.Encode()[0], Is.EqualTo(2));
        Assert.That(Three.Encode()[0], Is.EqualTo(1), "older versions read it");
        Assert.That(Membership.Decode(Three.Encode()).Epoch, Is.Zero);
    }

    private static RaftDirectoryReport ReportOf(SimulatedDisk disk)
    {
        using var recovery = new RaftRecovery("data", disk, null);
        return recovery.Report;
    }
}
