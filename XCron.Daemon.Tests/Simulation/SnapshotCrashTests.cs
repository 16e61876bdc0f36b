using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 24: a node of three that takes one snapshot after the other while runs are sent dies at each operation of
/// its disk in turn, by kill -9 or by a loss of power. Whatever was written, renamed or cut by then, its state is in
/// the end that of the nodes that have applied every entry.
/// </summary>
internal sealed class SnapshotCrashTests
{
    private const int Crashes = 90;

    [Test]
    public void Whatever_operation_of_its_disk_a_node_dies_at_its_state_is_that_of_a_replay(
        [Values] bool losesPower, [Values] bool ofLeader)
    {
        var cluster = SimulatedCluster.Form(12, delayMs: 2, snapshotLogBytes: 4000);
        for (var task = 0; task < 12; task++)
            cluster.Create("* * * * * *", 1, ",\"overlap\":\"allow\"");
        cluster.GoOn(3000);
        var victim = ofLeader ? cluster.Leader : cluster.Followers[0];
        var (amidSnapshot, afterSnapshot, snapshots) = (0, 0, new HashSet<string>());

        for (var crash = 1; crash <= Crashes; crash++)
        {
            var before = SnapshotsOf(victim).ToHashSet();
            victim.Disk.CrashAtOperation = victim.Disk.Operations + crash;
            Assert.That(() => cluster.GoOn(30_000), Throws.InstanceOf<SimulatedDiskCrash>());
            amidSnapshot += victim.Disk.List().Any(IsUnfinished) ? 1 : 0;
            afterSnapshot += SnapshotsOf(victim).Except(before).Any() ? 1 : 0;
            snapshots.UnionWith(SnapshotsOf(victim));
            cluster.Kill(victim, losesPower);
            cluster.GoOn(300);
            victim.TryStart();
            cluster.GoOn(1500);
        }

        cluster.Recover();
        new EqualStates(cluster.World, cluster.Turns).Require();
        cluster.Judge();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(amidSnapshot, Is.GreaterThan(5), "while a snapshot was written");
            Assert.That(afterSnapshot, Is.GreaterThan(5), "once one was renamed and the log behind it was being cut");
            Assert.That(snapshots, Has.Count.GreaterThan(20));
        }
    }

    private static bool IsUnfinished(string name) => name.EndsWith(".tmp", StringComparison.Ordinal);

    private static IEnumerable<string> SnapshotsOf(SimulatedMachine machine) => machine.Disk.List()
        .Where(static name => name.StartsWith("snapshot-", StringComparison.Ordinal) && !name.Contains('.'));
}
