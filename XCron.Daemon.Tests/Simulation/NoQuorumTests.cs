namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 6: three schedulers that hear nobody for five minutes. Nothing is sent meanwhile, nothing promised; then
/// every one-shot runs, each crontab line as its misfire rule says, and nothing twice.
/// </summary>
internal sealed class NoQuorumTests
{
    private const int OneShots = 100;
    private const long OutageMs = 300_000;

    /// <summary>What was claimed before goes out for so long.</summary>
    private const long FenceMs = 1000;

    /// <summary>By how much the last minute's mark is before the end of the outage: within misfire_threshold.</summary>
    private const long LastMarkMs = 30_000;

    /// <summary>An election of up to three rounds, and the new leader's first look.</summary>
    private const long MostElectionMs = 8000;

    [Test]
    public void After_five_minutes_without_a_majority_all_is_made_up_for_by_its_rule_and_nothing_twice(
        [Values(1, 2, 3)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed);
        var once = cluster.Create("* * * * *", 1, ",\"misfire\":\"fire_once\"");
        var skip = cluster.Create("* * * * *", 1, ",\"misfire\":\"skip\"");
        var all = cluster.Create("* * * * *", 1, ",\"misfire\":\"fire_all\"");
        var rareOnce = cluster.Create("*/5 * * * *", 1, ",\"misfire\":\"fire_once\"");
        var rareSkip = cluster.Create("*/5 * * * *", 1, ",\"misfire\":\"skip\"");
        var markMs = ((cluster.NowMs / 300_000) + 1) * 300_000;
        var fromMs = markMs - LastMarkMs;
        var lastSkip = cluster.Create($"{4 + (markMs / 60_000 % 60)} * * * *", 1, ",\"misfire\":\"skip\"");
        var toMs = fromMs + OutageMs;
        var oneShots = cluster.CreateOneShots(OneShots, fromMs + 1000, (OutageMs - 2000.0) / OneShots);

        cluster.GoOnTo(fromMs);
        cluster.Note("cut", OutageMs);
        cluster.CutAll();
        cluster.GoOn(10_000);
        var create = cluster.Create($"{(toMs / 1000) + 600}", 2);
        var query = cluster.Ask($"queryTask?task_id={oneShots[0]}", once.Story, "");
        cluster.GoOnTo(toMs);
        var meanwhile = cluster.History.Calls.Where(call => call.StartMs > fromMs + FenceMs).ToArray();
        var owed = oneShots.Except(cluster.History.Calls.Select(static call => call.Task)).ToArray();
        cluster.World.Network.MendAll();
        cluster.GoOn(20_000);
        var late = cluster.History.Calls.Where(call => call.StartMs > toMs).ToArray();
        cluster.Recover();

        cluster.Judge();
        long[] marks = [.. Enumerable.Range(0, 5).Select(minute => markMs + (minute * 60_000L))];
        long[] Made(ClientOperation task) =>
            [.. cluster.Served(task).Where(due => due >= fromMs && due <= toMs)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(create.Code, Is.EqualTo(1050), "a create is not acknowledged");
            Assert.That(query.Code, Is.EqualTo(1050), "a read is refused");
            Assert.That(meanwhile, Is.Empty, "nobody sends without a majority");
            Assert.That(owed, Has.Length.GreaterThan(OneShots * 9 / 10));
            Assert.That(late.Select(static call => call.Task).Intersect(oneShots), Is.EquivalentTo(owed), "all run");
            Assert.That(
                late.Where(call => oneShots.Contains(call.Task)).Max(call => call.StartMs - toMs),
                Is.LessThan(MostElectionMs), "at once");
            Assert.That(cluster.History.Calls.GroupBy(static call => (call.Task, call.ScheduledMs)).Count(),
                Is.EqualTo(cluster.History.Calls.Count), "nothing twice");
            Assert.That(Made(once), Is.EqualTo([marks[^1]]), "the latest of them");
            Assert.That(Made(skip), Is.Empty, "none, since the oldest is late by more than misfire_threshold");
            Assert.That(Made(lastSkip), Is.EqualTo([marks[^1]]), "late by less than that");
            Assert.That(Made(all), Is.EqualTo(marks), "each, in order");
            Assert.That(Made(rareOnce), Is.EqualTo([markMs]));
            Assert.That(Made(rareSkip), Is.Empty);
            Assert.That(cluster.Served(skip)[^1], Is.GreaterThan(toMs), "and on it goes");
            Assert.That(cluster.Served(all)[^1], Is.GreaterThan(toMs));
        }
    }
}
