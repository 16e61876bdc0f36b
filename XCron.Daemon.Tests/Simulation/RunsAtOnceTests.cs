namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 27: a task that takes seconds or fails is run by hand, is due, and has its retry, all within the same few
/// milliseconds, and the node that has its run dies. Where runs may not overlap there are never two open.
/// </summary>
internal sealed class RunsAtOnceTests
{
    private const long OwnerTimeoutMs = 2000;

    [Test]
    public void Run_by_hand_due_and_retried_at_once_there_are_never_two_open(
        [Values("queue", "skip")] string overlap, [Values("slow1", "failing1", "silent1")] string host)
    {
        for (var offsetMs = -12; offsetMs <= 12; offsetMs += 6)
        {
            var cluster = SimulatedCluster.Form(40 + offsetMs);
            var more = $$""","overlap":"{{overlap}}","retry":{"max_attempts":4,"min_backoff":1,"max_backoff":2}""";
            var task = cluster.Create("*/5 * * * * *", 1, more, host);
            var other = cluster.Create("*/5 * * * * *", 1, ",\"overlap\":\"allow\"", "slow0");
            cluster.GoOnTo(((cluster.NowMs / 5000) + 3) * 5000 + offsetMs);
            for (var time = 0; time < 8; time++)
            {
                cluster.Ask("runTask", task.Story, $"{{\"task_id\":\"{task.TaskId}\"}}");
                cluster.GoOn(time % 2 == 0 ? 5000 : 1000);
                cluster.Ask("runTask", task.Story, $"{{\"task_id\":\"{task.TaskId}\"}}");
                cluster.GoOn(time % 2 == 0 ? 1000 : 3000);
            }

            cluster.GoOn(20_000);
            cluster.Judge();
            RequireOneAtATime(cluster, task, $"{overlap} {host} {offsetMs}");
            Assert.That(MostOpen(cluster, other), Is.GreaterThan(1), "overlap: allow has several, so this sees them");
        }
    }

    [Test]
    public void A_run_whose_node_dies_is_open_until_the_owner_timeout_and_no_longer(
        [Values("queue", "skip", "allow")] string overlap, [Values(1, 2, 3)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed);
        var task = cluster.Create("*/5 * * * * *", 1, $",\"overlap\":\"{overlap}\"", "slow1");
        cluster.GoOnUntil(() => cluster.History.Calls.Exists(call => call.Story == task.Story), 20_000);
        var sender = cluster.History.Calls.First(call => call.Story == task.Story).Sender;
        var machine = cluster.World.Machines.Single(machine => machine.Process!.Session == sender);

        var diedMs = cluster.NowMs;
        cluster.Kill(machine);
        var electionMs = cluster.GoOnUntilElected();
        cluster.GoOn(30_000);

        var again = cluster.History.Calls.First(call => call.Story == task.Story && call.Attempt == 2);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again.Run, Is.EqualTo(1), "the run that was cut off is sent again under its id");
            Assert.That(again.StartMs - diedMs, Is.LessThan(electionMs + (2 * OwnerTimeoutMs)));
            Assert.That(cluster.Served(task).Distinct().Count(), Is.GreaterThan(2), "and the task goes on");
        }

        cluster.Recover();
        cluster.Judge();
        if (overlap != "allow")
            RequireOneAtATime(cluster, task, overlap);
    }

    private static void RequireOneAtATime(SimulatedCluster cluster, ClientOperation task, string why)
    {
        Assert.That(cluster.History.Calls.Count(call => call.Story == task.Story), Is.GreaterThan(1), why);
        Assert.That(MostOpen(cluster, task), Is.EqualTo(1), why);
    }

    /// <summary>By the log: how many attempts were granted and not ended, at most.</summary>
    private static int MostOpen(SimulatedCluster cluster, ClientOperation task) => cluster.History.Log
        .Where(entry => entry.Task == task.TaskId)
        .Max(static entry => Open(entry));

    private static int Open(LogEvent entry)
    {
        var open = 0;
        for (var run = 0; run < (entry.After?.Runs?.Count ?? 0); run++)
            open += entry.After!.Runs!.AsSpan()[run].ClaimedBy.IsNone ? 0 : 1;
        return open;
    }
}
