namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 20: every node is off for 24 hours, with tasks that are due each minute. What they missed is made up for
/// by the misfire rule: one, none, or each, of which fire_all has at most a thousand.
/// </summary>
internal sealed class DayWithoutNodesTests
{
    private const long MinuteMs = 60_000;
    private const long DayMs = 24 * 60 * MinuteMs;
    private const int MadeUpForAtMost = 1000;

    [Test]
    public void After_a_day_without_nodes_a_minute_cron_makes_up_for_one_for_none_or_for_each(
        [Values(1, 3)] int nodes, [Values] bool losesPower)
    {
        var cluster = SimulatedCluster.Form(2, nodes);
        var once = cluster.Create("* * * * *", 1, ",\"misfire\":\"fire_once\"");
        var skip = cluster.Create("* * * * *", 1, ",\"misfire\":\"skip\"");
        var all = cluster.Create("* * * * *", 1, ",\"misfire\":\"fire_all\"");
        var hourly = cluster.Create("0 * * * *", 1, ",\"misfire\":\"fire_all\"");
        var oneShot = cluster.CreateOneShots(1, cluster.NowMs + DayMs / 2)[0];
        cluster.GoOnTo(((cluster.NowMs / MinuteMs) + 3) * MinuteMs + 10_000);

        var offMs = cluster.NowMs;
        cluster.Note("off", DayMs);
        foreach (var machine in cluster.World.Machines)
            machine.Crash(losesPower);
        cluster.GoOn(DayMs);
        var backMs = cluster.NowMs;
        foreach (var machine in cluster.World.Machines)
            machine.TryStart();
        cluster.GoOn(45_000);
        long[] Made(ClientOperation task) => [.. cluster.Served(task).Where(due => due > offMs && due <= backMs)];
        var (ofOnce, ofSkip, ofAll, ofHourly) = (Made(once), Made(skip), Made(all), Made(hourly));
        cluster.Recover();

        var missed = Enumerable.Range(1, 1440).Select(minute => (offMs / MinuteMs + minute) * MinuteMs).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ofOnce, Is.EqualTo([missed[^1]]));
            Assert.That(ofSkip, Is.Empty);
            Assert.That(ofAll, Is.EqualTo(missed[^MadeUpForAtMost..]), "in order");
            Assert.That(ofHourly, Is.EqualTo(missed.Where(static due => due % (60 * MinuteMs) == 0)), "exactly 24");
            Assert.That(cluster.History.Calls.Count(call => call.Task == oneShot), Is.EqualTo(1), "late, and once");
            foreach (var task in (ClientOperation[])[once, skip, all])
                Assert.That(cluster.Served(task), Does.Contain(backMs / MinuteMs * MinuteMs + MinuteMs), "and goes on");
        }
    }
}
