namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 9 and 10: the leader's disk is full, or every sync on it, or on all, takes up to two seconds. What is
/// acknowledged stays; what cannot be is refused by a code; when the disk is well again all goes on.
/// </summary>
internal sealed class SickDiskTests
{
    private const int OneShots = 90;

    [Test]
    public void A_leader_whose_disk_is_full_acknowledges_nothing_that_is_lost_and_recovers_with_the_space(
        [Values(1, 3)] int nodes, [Values(0, 3000)] int bytesLeft)
    {
        var cluster = SimulatedCluster.Form(21, nodes);
        var ids = cluster.CreateOneShots(OneShots, cluster.NowMs + 5000, 500);
        var sick = cluster.Leader;

        cluster.Note("disk", 60_000);
        sick.Disk.BytesUntilFull = bytesLeft;
        var creates = new List<ClientOperation>();
        for (var second = 0; second < 60; second++)
        {
            creates.Add(cluster.Create("+2s", 2));
            cluster.GoOn(1000);
        }

        sick.Disk.BytesUntilFull = null;
        cluster.Recover();
        var afterwards = cluster.Create("+1s", 2);
        cluster.GoOn(3000);

        cluster.Judge();
        var sent = cluster.History.Calls.Select(static call => call.Task).ToHashSet();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ids.Where(id => !sent.Contains(id)), Is.Empty, "none that was acknowledged before is lost");
            Assert.That(
                creates.Where(create => create.IsAcknowledged && !sent.Contains(create.TaskId)), Is.Empty,
                "nor one that was acknowledged meanwhile");
            Assert.That(creates.Select(static create => create.Code), Is.All.AnyOf(0, 1050, 1052), "a code says so");
            Assert.That(creates.Select(static create => create.Code), Does.Contain(1052), "that the disk is full");
            Assert.That(
                creates.Count(static create => create.IsAcknowledged),
                nodes == 1 ? Is.LessThan(creates.Count / 2) : Is.GreaterThan(creates.Count * 8 / 10),
                "where there are others one of them leads on");
            Assert.That(afterwards.Code, Is.Zero, "with the space it takes creates again");
            Assert.That(sent, Does.Contain(afterwards.TaskId));
        }
    }

    [Test]
    public void Where_every_sync_takes_up_to_two_seconds_runs_are_late_and_none_is_lost_or_sent_twice(
        [Values] bool ofAll)
    {
        var cluster = SimulatedCluster.Form(22);
        var ids = cluster.CreateOneShots(OneShots, cluster.NowMs + 5000, 500);
        var sick = ofAll ? cluster.World.Machines : [cluster.Leader];
        var leaders = new HashSet<(long Term, ulong Node)>();

        cluster.Note("disk", 120_000);
        foreach (var machine in sick)
            machine.SlowDiskMs = 2000;
        for (var step = 0; step < 1200; step++)
        {
            cluster.GoOn(100);
            foreach (var leader in cluster.World.Machines.Where(static machine => machine.Process!.Raft.IsLeader))
                leaders.Add((leader.Process!.Raft.Term.Value, leader.Id.Value));
        }

        foreach (var machine in sick)
            machine.SlowDiskMs = 0;
        cluster.Recover();

        cluster.Judge();
        var lateness = cluster.History.Calls.Select(static call => call.StartMs - call.ScheduledMs).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.History.Calls.Select(static call => call.Task).Distinct(), Is.EquivalentTo(ids));
            Assert.That(leaders.Select(static leader => leader.Term), Is.Unique, "one leader a term");
            Assert.That(lateness.Min(), Is.Not.Negative);
            Assert.That(lateness.Max(), ofAll ? Is.GreaterThan(1000) : Is.LessThan(20_000), "lateness shows it");
        }
    }
}
