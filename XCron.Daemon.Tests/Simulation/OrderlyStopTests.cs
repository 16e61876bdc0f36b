namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Three schedulers, of which one is stopped in order, or removed, while the log comes to it late, by more than a look
/// of the leader's: what it was granted just before its shards went it learns when they are another's.
/// </summary>
internal sealed class OrderlyStopTests
{
    private const int Tasks = 400;
    private const long FirstDueMs = 15_000;
    private const long LastDueMs = 55_000;
    private const int LateMs = 400;
    private const int MostLateMs = 1000;

    /// <summary>After a whole second: what was due at it is on its way to be claimed.</summary>
    private const int JustClaimedMs = 15;

    [Test]
    public void A_node_that_is_stopped_in_order_sends_nothing_that_its_successors_send(
        [Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        var cluster = Begin(seed);
        foreach (var machine in cluster.World.Machines)
        {
            cluster.World.Network.DelayLog(machine.Id, LateMs);
            cluster.GoOn(3000 + JustClaimedMs);
            machine.Process!.Stop();
            cluster.GoOn(6000 - JustClaimedMs);
            cluster.World.Network.MendAll();
            Assert.That(machine.Process, Is.Null, "it has stopped");
            machine.TryStart();
            cluster.GoOn(3000);
        }

        cluster.GoOn(20_000);
        RequireAllOnce(cluster);
    }

    [Test]
    public void A_node_that_is_removed_sends_nothing_that_its_successors_send(
        [Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        var cluster = Begin(seed);
        var machine = cluster.World.Machines[seed % 3];
        cluster.World.Network.DelayLog(machine.Id, LateMs);
        cluster.GoOn(3000 + JustClaimedMs);
        var removed = cluster.Ask("removePeer", 0, $"{{\"host\":\"{machine.Address}\"}}");
        cluster.GoOn(6000);
        cluster.World.Network.MendAll();
        cluster.World.Remove(machine);
        cluster.GoOn(LastDueMs);

        Assert.That((removed.Code, removed.Text), Is.EqualTo((0, "")));
        RequireAllOnce(cluster);
    }

    [Test]
    public void However_long_callbacks_of_a_node_that_stops_take_what_falls_due_meanwhile_is_sent_in_time(
        [Values(1, 2, 3, 4)] int seed)
    {
        var cluster = Begin(seed, "slow1");
        foreach (var machine in cluster.World.Machines)
        {
            machine.Process!.Stop();
            cluster.GoOn(11_000);
            Assert.That(machine.Process, Is.Null, "it has stopped");
            machine.TryStart();
            cluster.GoOn(2000);
        }

        cluster.GoOn(20_000);
        var late = cluster.History.Calls.Where(
            static call => call.Attempt == 1 && call.StartMs - call.ScheduledMs > MostLateMs);
        Assert.That(cluster.History.Calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks));
        Assert.That(late.Select(static call => call.ToString()), Is.Empty);
    }

    private static SimulatedCluster Begin(int seed, string host = "ok1")
    {
        var cluster = SimulatedCluster.Form(seed, snapshotLogBytes: 60_000);
        var creates = cluster.CreateOneShotsBetween(Tasks, FirstDueMs, LastDueMs, host);
        cluster.GoOn(FirstDueMs - 5000);
        Assert.That(creates.Select(static create => create.Code), Is.All.Zero);
        return cluster;
    }

    private static void RequireAllOnce(SimulatedCluster cluster)
    {
        var calls = cluster.History.Calls;
        var doubled = calls.GroupBy(static call => call.Story).Where(static task => task.Count() > 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks), "all are sent");
            Assert.That(doubled.Select(static task => string.Join("; ", task)), Is.Empty, "and none twice");
        }
    }
}
