namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 17: ten thousand orders, each paid, and its task so deleted, within 5 ms of the due time, on whatever
/// node; quietly, and with the leader killed in the midst of it.
/// </summary>
internal sealed class DeleteRaceTests
{
    private const int Pairs = 2500;
    private const int AroundMs = 5;
    private const int PairsAtOnce = 250;

    [Test]
    public void An_acknowledged_delete_tells_the_truth_and_nothing_is_sent_after_it(
        [Values(1, 2, 3, 4)] int seed, [Values] bool isLeaderKilled)
    {
        var cluster = SimulatedCluster.Form(seed, delayMs: 2, snapshotLogBytes: 2_000_000);
        var dueMs = cluster.NowMs / 1000 * 1000 + 6000;
        var deletes = new List<ClientOperation>();
        var creates = new List<ClientOperation>();
        for (var second = 0; second < Pairs / PairsAtOnce; second++)
            creates.AddRange(CreateAndDelete(cluster, dueMs + (second * 1000L), deletes));
        cluster.GoOnTo(dueMs + (Pairs / PairsAtOnce / 2 * 1000L));
        cluster.GoOn(seed);
        var leader = cluster.Leader;
        if (isLeaderKilled)
            cluster.Kill(leader);
        cluster.GoOnTo(dueMs + 20_000);
        cluster.Recover();

        cluster.Judge();
        var claimed = cluster.History.Log.Where(static entry => entry.Granted().Any())
            .Select(static entry => entry.Task).ToHashSet();
        var calls = cluster.History.Calls.ToLookup(static call => call.Task);
        var acknowledged = deletes.Where(static delete => delete.IsAcknowledged).ToArray();
        var tasks = creates.ToDictionary(static create => create.Story, static create => create.TaskId);
        var (before, between, after) = (0, 0, 0);
        foreach (var delete in acknowledged)
        {
            var task = tasks[delete.Story];
            var late = calls[task].Where(call => call.StartMs > delete.EndedMs).ToArray();
            Assert.That(late, Is.Empty, "after the answer nothing begins, running or not");
            Assert.That(delete.WasRunning && !claimed.Contains(task), Is.False, "running: there is a claim");
            if (!claimed.Contains(task))
            {
                before++;
                Assert.That(calls[task], Is.Empty, "acknowledged before the claim");
            }
            else if (delete.WasRunning)
                between++;
            else
                after++;
        }

        var gone = cluster.History.Log.Where(static entry => entry.Kind == LogKind.Delete)
            .Select(static entry => entry.Task).ToHashSet();
        var inDoubt = deletes.Where(static delete => !delete.IsAcknowledged).Select(delete => tasks[delete.Story]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(creates.Select(static create => create.Code), Is.All.Zero);
            Assert.That(acknowledged, Has.Length.GreaterThan(isLeaderKilled ? Pairs / 2 : Pairs - 1));
            Assert.That(before, Is.GreaterThan(Pairs / 10), "deleted first");
            Assert.That(between, Is.GreaterThan(Pairs / 50), "claimed first, and not yet recorded");
            Assert.That(after + before + between, Is.EqualTo(acknowledged.Length));
            Assert.That(
                inDoubt.Where(task => !calls[task].Any() && !gone.Contains(task)), Is.Empty,
                "of a delete that was not acknowledged either the task is gone or its run was sent");
        }
    }

    private static IEnumerable<ClientOperation> CreateAndDelete(
        SimulatedCluster cluster, long dueMs, List<ClientOperation> deletes)
    {
        var random = cluster.World.Random;
        for (var pair = 0; pair < PairsAtOnce; pair++)
        {
            var create = cluster.Create($"{dueMs / 1000}", 2);
            var atMs = dueMs - AroundMs + random.Next((2 * AroundMs) + 1) - cluster.NowMs;
            cluster.World.Agenda.After(atMs, () => deletes.Add(
                cluster.Ask("deleteTask", create.Story, $"{{\"task_id\":\"{create.TaskId}\"}}")));
            yield return create;
        }
    }
}
