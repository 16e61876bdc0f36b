using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 1 to 3: the leader, which owns its share of the tasks, dies about the moment at which they are due: before
/// it has claimed them, between claim and call, and between call and record.
/// </summary>
internal sealed class LeaderKillTests
{
    private const int DelayMs = 20;

    /// <summary>What is claimed late is sent within this of the election, with 64 places at the one target.</summary>
    private const long AfterElectionMs = 1000;

    /// <summary>
    /// What the dead leader had claimed is claimed again when the log has not shown it alive for the owner timeout,
    /// which begins anew where its claim is applied only after the election; and after a look of the assigner's.
    /// </summary>
    private const long OwnerTimeoutAndLookMs = 2000 + 300;

    [Test]
    public void A_leader_killed_10_ms_before_a_thousand_are_due_loses_none_and_all_are_sent_soon_after_the_election(
        [Values(1, 2, 3, 4)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed);
        var dueMs = cluster.NowMs / 1000 * 1000 + 15_000;
        cluster.Create("*/5 * * * * *", 1);
        cluster.CreateOneShots(1000, dueMs);

        cluster.GoOnTo(dueMs - 10);
        cluster.Kill(cluster.Leader);
        var electionMs = cluster.GoOnUntilElected();
        cluster.GoOn(20_000);
        var thousand = cluster.History.Calls.Where(static call => call.Story > 1).ToArray();
        var everyFive = cluster.History.Calls.Where(static call => call.Story == 1)
            .Select(static call => call.ScheduledMs).ToArray();
        cluster.Recover();

        cluster.Judge();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thousand.DistinctBy(static call => call.Story).Count(), Is.EqualTo(1000), "none is lost");
            Assert.That(thousand, Has.Length.EqualTo(1000), "none was under way, so none is sent twice");
            Assert.That(thousand.Min(static call => call.StartMs - call.ScheduledMs), Is.Not.Negative, "none is early");
            Assert.That(
                thousand.Max(static call => call.StartMs - call.ScheduledMs),
                Is.AtMost(electionMs + AfterElectionMs), $"elected after {electionMs} ms");
            Assert.That(everyFive, Has.Length.GreaterThan(5));
            Assert.That(everyFive, Is.EqualTo(Grid(everyFive[0], everyFive.Length, 5000)), "the next ones on the grid");
        }
    }

    [Test]
    public void Whenever_about_the_due_time_the_leader_dies_its_run_is_sent_and_again_only_if_it_had_been_sent()
    {
        var (unclaimed, unsent, unrecorded, recorded) = (0, 0, 0, 0);
        for (var killedAfterMs = -10; killedAfterMs < 40; killedAfterMs++)
        {
            var (attempts, isCalled) = KillLeaderAfterDue(killedAfterMs);

            if (isCalled && attempts is [1, 2])
                unrecorded++;
            else if (isCalled && attempts is [1])
                recorded++;
            else if (!isCalled && attempts is [2])
                unsent++;
            else if (!isCalled && attempts is [1])
                unclaimed++;
            else
                Assert.Fail($"killed {killedAfterMs} ms after: attempts {string.Join(", ", attempts)}");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(unclaimed, Is.Positive, "it died before it had claimed");
            Assert.That(unsent, Is.Positive, "its claim is in the log, and it had not called");
            Assert.That(unrecorded, Is.Positive, "it had called, and its result is not in the log");
            Assert.That(recorded, Is.Positive, "its result is in the log");
        }
    }

    /// <summary>The attempts that the target saw, and whether one of them was the leader's.</summary>
    private static (int[] Attempts, bool IsCalled) KillLeaderAfterDue(int killedAfterMs)
    {
        var cluster = SimulatedCluster.Form(7, delayMs: DelayMs);
        var leader = cluster.Leader;
        var session = leader.Process!.Session;
        var dueMs = cluster.NowMs / 1000 * 1000 + 3000;
        TaskId task;
        do
            task = cluster.CreateOneShots(1, dueMs += 3000)[0];
        while (cluster.OwnerOf(task) != session);
        cluster.GoOnTo(dueMs + killedAfterMs);
        cluster.Turns.DoInstant();
        cluster.Kill(leader);
        var electionMs = cluster.GoOnUntilElected();
        cluster.GoOn(5000);

        cluster.Judge();
        var calls = cluster.History.Calls.Where(call => call.Task == task).ToArray();
        Assert.That(calls.Select(static call => call.Run).Distinct().Count(), Is.EqualTo(1), "under one run id");
        Assert.That(calls[0].StartMs, Is.AtLeast(dueMs), "never early");
        Assert.That(
            calls[^1].StartMs,
            Is.AtMost(dueMs + Math.Max(0, killedAfterMs) + electionMs + OwnerTimeoutAndLookMs),
            $"killed {killedAfterMs} ms after, elected after {electionMs} ms");
        return ([.. calls.Select(static call => call.Attempt)], calls.Any(call => call.Sender == session));
    }

    private static long[] Grid(long firstMs, int count, long everyMs) =>
        [.. Enumerable.Range(0, count).Select(i => firstMs + (i * everyMs))];
}
