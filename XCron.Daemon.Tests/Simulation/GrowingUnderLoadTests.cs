namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 21: one node becomes three, five, and three again, while tasks are created and run. Each that comes has an
/// empty disk and gets a snapshot. Nothing is lost or sent twice, and no create waits for an election.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class GrowingUnderLoadTests
{
    private const long ElectionTimeoutMs = 1000;

    private SimulatedMachine? _leaving;

    [Test]
    public void From_one_to_three_to_five_and_back_to_three_nothing_is_lost_doubled_or_late([Values(1, 2)] int seed)
    {
        var cluster = SimulatedCluster.Form(seed, nodes: 1, snapshotLogBytes: 30_000);
        var ticks = Enumerable.Range(0, 20).Select(_ => cluster.Create("* * * * * *", 1)).ToArray();
        var creates = new List<ClientOperation>();
        cluster.World.Agenda.After(1, () => Load(cluster, creates));
        cluster.GoOn(10_000);

        GrowTo(cluster, 3);
        GrowTo(cluster, 5);
        ShrinkTo(cluster, 3);
        cluster.GoOn(10_000);
        var loadEndedMs = cluster.NowMs;
        cluster.GoOn(10_000);

        cluster.Judge();
        var calls = cluster.History.Calls;
        var answered = creates.Where(create => create.InvokedMs < loadEndedMs).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answered.Select(static create => create.Code), Is.All.Zero);
            Assert.That(
                answered.Max(static create => create.EndedMs - create.InvokedMs), Is.LessThan(ElectionTimeoutMs));
            Assert.That(
                answered.Where(create => create.InvokedMs < loadEndedMs - 5000).Select(static create => create.TaskId),
                Is.SubsetOf(calls.Select(static call => call.Task)), "each ran");
            Assert.That(calls.Select(static call => (call.Task, call.Run)), Is.Unique);
            foreach (var tick in ticks)
            {
                var served = cluster.Served(tick);
                Assert.That(
                    served, Is.EqualTo(Enumerable.Range(0, served.Length).Select(i => served[0] + (i * 1000L))));
            }

            Assert.That(calls.Max(static call => call.StartMs - call.ScheduledMs), Is.LessThan(ElectionTimeoutMs));
            Assert.That(cluster.World.Outcomes["taken in"], Is.EqualTo(4));
            Assert.That(
                cluster.World.Machines.Select(static machine => machine.Process!.Node.Loop.Core.Log.Snapshot),
                Is.All.Not.Null, "by snapshots");
        }
    }

    /// <summary>A client that is told which node is to go asks another.</summary>
    private void Load(SimulatedCluster cluster, List<ClientOperation> creates)
    {
        var asked = cluster.World.Machines.Where(machine => machine != _leaving
            && (machine.Told is null || machine.WasTakenIn));
        creates.Add(cluster.Create("+2s", 2, of: asked.ElementAt(creates.Count % asked.Count())));
        cluster.World.Agenda.After(50, () => Load(cluster, creates));
    }

    private static void GrowTo(SimulatedCluster cluster, int count)
    {
        while (cluster.World.Machines.Count < count)
        {
            var machine = cluster.World.Build(cluster.Leader.Process!.Raft.Membership);
            machine.TryStart();
            cluster.GoOnUntil(
                () => cluster.Leader.Process!.Raft.CommittedMembership?.Voters.Contains(machine.Id) == true
                    && cluster.Leader.Process!.State.Ownership.Sessions.Contains(machine.Process!.Session), 30_000);
            cluster.GoOn(3000);
        }
    }

    private void ShrinkTo(SimulatedCluster cluster, int count)
    {
        while (cluster.World.Machines.Count > count)
        {
            // The leader is one of them.
            var machine = cluster.World.Machines.Count == count + 1 ? cluster.Leader : cluster.Followers[0];
            _leaving = machine;
            cluster.GoOn(100);
            var removal = cluster.Ask("removePeer", 0, $"{{\"host\":\"{machine.Address}\"}}");
            cluster.GoOnUntil(() => removal.Code is not null, 30_000);
            Assert.That((removal.Code, removal.Text), Is.EqualTo((0, "")));
            cluster.GoOn(3000);
            cluster.World.Remove(machine);
            cluster.GoOn(3000);
        }
    }
}
