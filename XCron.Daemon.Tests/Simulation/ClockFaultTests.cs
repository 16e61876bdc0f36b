namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 11 and 12: a clock is an hour ahead or behind, runs too fast, is smeared, or differs from the next
/// leader's by two seconds. Nothing is earlier than by that clock's own error, nothing is sent twice, nobody stands for
/// election and nothing stands still.
/// </summary>
internal sealed class ClockFaultTests
{
    private const long HourMs = 3_600_000;

    [Test]
    public void A_leap_of_an_hour_and_back_fires_early_by_no_more_than_the_clock_and_nothing_twice(
        [Values(HourMs, -HourMs)] long aheadMs, [Values] bool ofLeader)
    {
        var cluster = SimulatedCluster.Form(3);
        var oneShots = cluster.CreateOneShots(90, cluster.NowMs + 5000, 1000);
        var machine = ofLeader ? cluster.Leader : cluster.Followers[0];
        var session = machine.Process!.Session;
        var tick = cluster.Create("*/5 * * * * *", 1, ",\"misfire\":\"fire_all\"");
        var (leader, term) = (cluster.Leader, cluster.Leader.Process!.Raft.Term);
        cluster.GoOn(10_000);

        cluster.Note("clock", 30_000 + Math.Max(0, aheadMs));
        cluster.History.HadClockFaults = true;
        Set(cluster, machine, aheadMs);
        cluster.GoOn(30_000);
        Set(cluster, machine, 0);
        cluster.GoOn(100_000);
        cluster.Recover();

        cluster.Judge();
        var calls = cluster.History.Calls;
        var ofOthers = calls.Where(call => call.Sender != session).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.Leader, Is.SameAs(leader), "elections go by the monotonic clock");
            Assert.That(cluster.Leader.Process!.Raft.Term, Is.EqualTo(term));
            Assert.That(calls.Select(static call => call.Task), Is.SupersetOf(oneShots), "none is lost");
            Assert.That(
                calls.Where(call => oneShots.Contains(call.Task)).Select(static call => call.Task), Is.Unique);
            Assert.That(cluster.Served(tick), Is.Unique, "what had fired does not fire again");
            Assert.That(ofOthers.Min(static call => call.StartMs - call.ScheduledMs), Is.Not.Negative, "right clocks");
            Assert.That(
                calls.Min(static call => call.StartMs + call.AheadMs - call.ScheduledMs), Is.Not.Negative,
                "early by no more than the clock is wrong");
            Assert.That(
                calls.Exists(call => call.Sender == session && call.StartMs - call.ScheduledMs < -20_000),
                Is.EqualTo(aheadMs > 0), "its own clock is all that a node can go by");
        }
    }

    [Test]
    public void What_a_clock_a_minute_ahead_has_claimed_and_not_sent_when_its_node_dies_waits_for_its_time(
        [Values(1, 2)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed);
        var dueMs = cluster.NowMs / 1000 * 1000 + 30_000;
        ClientOperation[] creates =
            [.. Enumerable.Range(0, 300).Select(_ => cluster.Create($"{dueMs / 1000}", 2, host: "slow1"))];
        cluster.GoOn(3000);
        var machine = cluster.Followers[0];
        var session = machine.Process!.Session;

        cluster.Note("clock", 60_000);
        cluster.History.HadClockFaults = true;
        Set(cluster, machine, 60_000);
        cluster.GoOnUntil(() => cluster.History.Calls.Count > 60, 5000);
        var claimed = cluster.History.Log.Count(entry => entry.Kind == LogKind.Claim && entry.Session == session);
        cluster.Kill(machine);
        cluster.GoOnTo(dueMs + 60_000);
        Set(cluster, machine, 0);
        cluster.Recover();

        cluster.Judge();
        var ofOthers = cluster.History.Calls.Where(call => call.Sender != session).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(claimed, Is.GreaterThan(80), "more than there are places at the target");
            Assert.That(ofOthers.Min(static call => call.StartMs - call.ScheduledMs), Is.Not.Negative);
            Assert.That(
                ofOthers.Select(static call => call.Story).Distinct(),
                Is.EquivalentTo(creates.Select(static create => create.Story)), "each is sent at its time");
        }
    }

    [Test]
    public void After_a_leap_back_of_an_hour_what_is_due_by_the_clock_is_sent_and_does_not_wait_an_hour()
    {
        var cluster = SimulatedCluster.Form(4, nodes: 1);
        var machine = cluster.World.Machines[0];
        cluster.CreateOneShots(5, cluster.NowMs + 60_000, 1000);
        cluster.GoOn(5000);

        cluster.Note("clock", HourMs);
        cluster.History.HadClockFaults = true;
        Set(cluster, machine, -HourMs);
        var fromMs = cluster.NowMs;
        var tick = cluster.Create("*/2 * * * * *", 1);
        var soon = cluster.Create("+5s", 2);
        cluster.GoOn(20_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                cluster.History.Calls.Where(call => call.Story == soon.Story).Select(call => call.StartMs - fromMs),
                Is.EqualTo([5000L]).Within(1100));
            Assert.That(cluster.Served(tick), Has.Length.EqualTo(10).Within(1));
        }
    }

    [Test]
    public void Clocks_that_run_one_in_a_hundred_too_fast_or_slow_or_are_smeared_skip_and_repeat_nothing(
        [Values(0.01, -0.01, 0.00001)] double drift)
    {
        var cluster = SimulatedCluster.Form(6);
        var (leader, term) = (cluster.Leader, cluster.Leader.Process!.Raft.Term);
        var tick = cluster.Create("*/5 * * * * *", 1, ",\"misfire\":\"fire_all\"");
        cluster.GoOn(5000);

        cluster.Note("drift", 300_000);
        cluster.History.HadClockFaults = true;
        leader.Clock.Drift(drift);
        cluster.GoOn(300_000);
        leader.Clock.Drift(0);
        Set(cluster, leader, 0);
        cluster.Recover();

        cluster.Judge();
        RequireGrid(cluster.Served(tick), 5000);
        Assert.That(
            cluster.History.Calls.Min(static call => call.StartMs + call.AheadMs - call.ScheduledMs), Is.Not.Negative);
        Assert.That(cluster.Leader.Process!.Raft.Term, Is.EqualTo(term));
    }

    [Test]
    public void Between_leaders_whose_clocks_differ_by_two_seconds_no_due_time_is_skipped_or_repeated(
        [Values(1, 2, 3)] int seed, [Values] bool isKilled)
    {
        var cluster = SimulatedCluster.Form(seed);
        cluster.History.HadClockFaults = true;
        cluster.Note("clock", 400_000);
        for (var place = 0; place < 3; place++)
            Set(cluster, cluster.World.Machines[place], (place - 1) * 2000);
        ClientOperation[] ticks = [.. Enumerable.Range(0, 12).Select(_ =>
            cluster.Create("*/10 * * * * *", 1, ",\"misfire\":\"fire_all\""))];
        cluster.GoOn(20_000);

        for (var change = 0; change < 12; change++)
        {
            var leader = cluster.Leader;

            // At every tenth of the period, so that some change falls on each clock's due time.
            cluster.GoOn(9000 + (change * 300));
            if (isKilled)
                cluster.Kill(leader);
            else
                leader.Process!.Context.Do(() => _ = leader.Process.Raft.TransferLeadershipAsync(default, default));
            cluster.GoOnUntilElected();
            cluster.GoOn(3000);
            if (isKilled)
                leader.TryStart();
            cluster.GoOn(6000);
        }

        cluster.Recover();
        cluster.Judge();
        foreach (var tick in ticks)
            RequireGrid(cluster.Served(tick).Distinct(), 10_000);
        var again = cluster.History.Calls.GroupBy(static call => (call.Task, call.ScheduledMs));
        Assert.That(again.Select(static calls => calls.Select(call => call.Run).Distinct().Count()), Is.All.EqualTo(1));
        Assert.That(
            cluster.History.Calls.Min(static call => call.StartMs + call.AheadMs - call.ScheduledMs), Is.Not.Negative);
        if (!isKilled)
            Assert.That(again.Select(static calls => calls.Count()), Is.All.EqualTo(1));
    }

    private static void RequireGrid(IEnumerable<long> served, long everyMs)
    {
        var times = served.ToArray();
        Assert.That(times, Has.Length.GreaterThan(20));
        Assert.That(times, Is.EqualTo(Enumerable.Range(0, times.Length).Select(i => times[0] + (i * everyMs))));
    }

    private static void Set(SimulatedCluster cluster, SimulatedMachine machine, long aheadMs)
    {
        machine.Clock.Set(aheadMs);
        machine.Process?.ClockSet(cluster.World.Time.NowMs);
    }
}
