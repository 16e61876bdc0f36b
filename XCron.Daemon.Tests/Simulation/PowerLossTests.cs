namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 8: every node loses its power, and what was not synced, at each millisecond of a burst of creates and
/// deletes. What was acknowledged has happened.
/// </summary>
internal sealed class PowerLossTests
{
    private const int Tasks = 60;

    [Test]
    public void Every_create_and_delete_that_was_acknowledged_before_all_lost_their_power_is_there(
        [Values(1, 3)] int nodes)
    {
        var (some, all) = (0, 0);
        for (var afterMs = 0; afterMs < 40; afterMs += 2)
        {
            var (creates, deletes) = LosePower(nodes, afterMs);
            some += creates is > 0 and < Tasks || deletes is > 0 and < Tasks / 2 ? 1 : 0;
            all += creates == Tasks && deletes == Tasks / 2 ? 1 : 0;
        }

        Assert.That(some, Is.GreaterThan(2), "in the midst of it");
        Assert.That(all, Is.Positive, "and after it");
    }

    private static (int Creates, int Deletes) LosePower(int nodes, int afterMs)
    {
        var cluster = SimulatedCluster.Form(200 + afterMs, nodes, delayMs: 4, snapshotLogBytes: 6000);
        var dueMs = cluster.NowMs + 60_000;
        var old = cluster.CreateOneShots(Tasks / 2, dueMs);
        var creates = new List<ClientOperation>();
        var deletes = new List<ClientOperation>();
        for (var i = 0; i < Tasks; i++)
        {
            var number = i;
            cluster.World.Agenda.After(i / 3, () => creates.Add(cluster.Create($"{dueMs / 1000}", 2)));
            if (number < old.Length)
            {
                cluster.World.Agenda.After(i / 2, () => deletes.Add(
                    cluster.Ask("deleteTask", number + 1, $"{{\"task_id\":\"{old[number]}\"}}")));
            }
        }

        cluster.GoOn(afterMs);
        cluster.Turns.DoInstant();
        cluster.Note("power", 10_000);
        foreach (var machine in cluster.World.Machines)
            machine.Crash(losesPower: true);
        foreach (var machine in cluster.World.Machines)
            machine.TryStart();
        cluster.GoOn(15_000);

        var state = cluster.Leader.Process!.State;
        var created = creates.Where(static create => create.IsAcknowledged).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(created.Where(create => state.Find(create.TaskId) is null), Is.Empty, $"after {afterMs} ms");
            Assert.That(
                deletes.Where(static delete => delete.IsAcknowledged)
                    .Where(delete => state.Find(old[delete.Story - 1]) is not null),
                Is.Empty, $"after {afterMs} ms");
        }

        cluster.GoOnTo(dueMs + 2000);
        cluster.Judge();
        return (created.Length, deletes.Count(static delete => delete.IsAcknowledged));
    }
}
