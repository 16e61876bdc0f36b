namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 18: a client creates a task under a name, hears nothing because the leader dies, at whatever millisecond,
/// and asks again elsewhere, and once more, until it is answered.
/// </summary>
internal sealed class RepeatedCreateFailoverTests
{
    private const int DelayMs = 10;

    [Test]
    public void However_a_create_is_repeated_through_a_change_of_leader_there_is_one_task_and_it_runs_once(
        [Values] bool isLeaderAsked, [Values] bool isCutOff)
    {
        var (wasMade, wasNot) = (0, 0);
        for (var lostAfterMs = 0; lostAfterMs < 45; lostAfterMs += 3)
        {
            if (IsMadeBeforeRepeated(isLeaderAsked, isCutOff, lostAfterMs))
                wasMade++;
            else
                wasNot++;
        }

        Assert.That(wasMade, Is.Positive, "the task was there before its client asked again");
        Assert.That(wasNot, Is.Positive, "it was not");
    }

    private static bool IsMadeBeforeRepeated(bool isLeaderAsked, bool isCutOff, int lostAfterMs)
    {
        var cluster = SimulatedCluster.Form(100 + lostAfterMs, delayMs: DelayMs);
        var (leader, others) = (cluster.Leader, cluster.Followers);
        var dueMs = cluster.NowMs / 1000 * 1000 + 20_000;
        var body = $$"""{"callback":{"url":"http://ok1.test/1"},"type":2,"format":"{{dueMs / 1000}}","name":"pay-7"}""";
        List<ClientOperation> asked = [cluster.Ask("createTask", 1, body, isLeaderAsked ? leader : others[0])];
        cluster.GoOn(lostAfterMs);
        if (isCutOff)
            cluster.CutOff(leader);
        else
            cluster.Kill(leader);
        cluster.Note("leader", 30_000);
        cluster.GoOn(500);
        var isMade = cluster.History.Log.Count > 0;

        // Its patience is shorter than the election: several of them are under way at once.
        while (asked.TrueForAll(static create => !create.IsAcknowledged))
        {
            asked.Add(cluster.Ask("createTask", 1, body, others[asked.Count % 2]));
            cluster.GoOn(700);
            Assert.That(asked, Has.Count.LessThan(20), "in the end it is answered");
        }

        cluster.GoOnTo(dueMs + 1000);
        cluster.Recover();

        cluster.Judge();
        var created = cluster.History.Log.Where(static entry => entry.Kind == LogKind.Create).ToArray();
        var acknowledged = asked.Where(static create => create.IsAcknowledged).Select(static create => create.TaskId);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(created, Has.Length.EqualTo(1), "one task");
            Assert.That(acknowledged, Is.All.EqualTo(created[0].Task), "and every answer names it");
            Assert.That(cluster.Served(asked[0]), Is.EqualTo([dueMs]), "it runs once");
        }

        return isMade;
    }
}
