using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 4 and 5: a leader that stands still for 10 s, or hears nobody, while attempts that it was granted wait for
/// a place at a slow target, so that it has something to send all the while; and all is served by the others.
/// </summary>
internal sealed class LostLeaderTests
{
    private const int Tasks = 900;
    private const int PausedMs = 10_000;

    /// <summary>Half of the owner timeout, after the last command of its that it knows to be in the log.</summary>
    private const long FenceMs = 1000;

    [Test]
    public void A_leader_that_stood_still_for_10_s_sends_nothing_that_another_has_claimed(
        [Values(-10, 3, 40, 700)] int pausedAfterMs)
    {
        var cluster = SimulatedCluster.Form(1);
        var (paused, session, dueMs) = CreateSlow(cluster);
        cluster.GoOnTo(dueMs + pausedAfterMs);
        var underWay = cluster.History.Calls.Count(call => call.Sender == session && call.AnsweredMs == 0);

        cluster.Note("pause", PausedMs);
        paused.PausedUntilMs = cluster.World.Time.NowMs + PausedMs;
        cluster.GoOn(PausedMs - 1);
        var isLed = cluster.World.Machines.Any(machine => machine != paused && machine.Process!.Raft.IsLeader);
        var term = cluster.World.Machines.Max(static machine => machine.Process!.Raft.Term);
        cluster.Recover();

        cluster.Judge();
        var calls = cluster.History.Calls;
        var doubled = calls.GroupBy(static call => call.Story).Where(static task => task.Count() > 1).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(isLed, "another leads meanwhile");
            Assert.That(cluster.Leader.Process!.Raft.Term, Is.EqualTo(term), "it comes back without an election");
            Assert.That(calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks), "none is lost");
            Assert.That(calls.Where(call => call.Sender == session && IsAnothers(cluster.History, call)), Is.Empty);
            Assert.That(doubled, Has.Length.AtMost(underWay), "only what was on its way when it stopped");
            Assert.That(doubled.Select(static task => task.Count()), Is.All.EqualTo(2));
            Assert.That(doubled.Select(static task => task.DistinctBy(call => call.Run).Count()), Is.All.EqualTo(1));
        }
    }

    [Test]
    public void A_leader_that_hears_nobody_sends_nothing_more_before_its_share_is_given_away_and_answers_nothing(
        [Values(-10, 3, 40, 700)] int cutAfterMs)
    {
        var cluster = SimulatedCluster.Form(1);
        var (alone, session, dueMs) = CreateSlow(cluster);
        var known = cluster.History.Operations[0].TaskId;
        cluster.GoOnTo(dueMs + cutAfterMs);
        var fromMs = cluster.NowMs;
        var lastShownMs = cluster.History.Log.Where(entry => entry.Session == session)
            .Select(static entry => entry.AtMs).DefaultIfEmpty(0).Max();

        cluster.Note("cut", 40_000);
        cluster.CutOff(alone);
        cluster.GoOn(100);
        var create = cluster.Ask("createTask", 0, Body(dueMs), alone);
        var query = cluster.Ask($"queryTask?task_id={known}", 1, "", alone);
        cluster.GoOnUntil(() => Majority(cluster, alone).Any(other => !Owns(other, session)), 10_000);
        var givenMs = cluster.NowMs;
        cluster.GoOn(30_000);
        var mended = cluster.History.Calls.Count;
        var unsent = Tasks - cluster.History.Calls.Select(static call => call.Story).Distinct().Count();
        cluster.World.Network.MendAll();
        cluster.Recover();

        cluster.Judge();
        var calls = cluster.History.Calls;
        var ofAlone = calls.Where(call => call.Sender == session && call.StartMs > fromMs).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(create.Code, Is.EqualTo(1050), "a create is not acknowledged");
            Assert.That(query.Code, Is.EqualTo(1050), "a read is refused");
            Assert.That(query.Text, Is.Not.Empty);
            Assert.That(unsent, Is.Zero, "the majority has served everything, that of the lost leader too");
            Assert.That(calls, Has.Count.EqualTo(mended), "and once it is back nothing is sent again");
            Assert.That(givenMs - fromMs, Is.GreaterThan(FenceMs), "its share was taken");
            Assert.That(ofAlone.Select(static call => call.StartMs), Is.All.LessThan(givenMs));
            Assert.That(
                ofAlone.Select(static call => call.StartMs),
                Is.All.AtMost(Math.Max(lastShownMs, fromMs) + FenceMs), "the fence let nothing more out");
            Assert.That(ofAlone.Where(call => IsAnothers(cluster.History, call)), Is.Empty);
        }
    }

    /// <summary>One-shots, due at once, at two targets that take seconds: most of them wait for a place.</summary>
    private static (SimulatedMachine Leader, OwnerSession Session, long DueMs) CreateSlow(SimulatedCluster cluster)
    {
        var dueMs = cluster.NowMs / 1000 * 1000 + 6000;
        for (var task = 0; task < Tasks; task++)
            cluster.Create($"{dueMs / 1000}", 2, host: $"slow{task % 2}");
        cluster.GoOn(3000);
        Assert.That(cluster.History.Operations.Select(static create => create.Code), Is.All.Zero);
        var leader = cluster.Leader;
        return (leader, leader.Process!.Session, dueMs);
    }

    private static IEnumerable<SimulatedMachine> Majority(SimulatedCluster cluster, SimulatedMachine alone) =>
        cluster.World.Machines.Where(machine => machine != alone);

    private static bool Owns(SimulatedMachine asked, OwnerSession session) =>
        asked.Process!.State.Ownership.Sessions.Contains(session);

    /// <summary>When it was sent the log had already granted the next attempt of its run to another.</summary>
    private static bool IsAnothers(History history, TargetCall call) => history.Log.Exists(entry =>
        entry.Task == call.Task && entry.AtMs < call.StartMs
        && entry.Granted().Any(run => run.Sequence == call.Run && run.Attempt > call.Attempt));

    private static string Body(long dueMs) =>
        $$$"""{"callback":{"url":"http://ok1.test/0"},"type":2,"format":"{{{(dueMs / 1000) + 3600}}}"}""";
}
