using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Three schedulers, and to one of them, which owns its share, the log does not come any more: it is heard, and hears
/// who leads, and its claims get through; but of what it is granted it learns nothing.
/// </summary>
internal sealed class LaggingOwnerTests
{
    private const int Tasks = 120;
    private const long FirstDueMs = 12_000;
    private const long LastDueMs = 72_000;
    private const long CutFromMs = 10_000;
    private const long CutMs = 40_000;

    /// <summary>Twice the owner timeout until it counts as lagging, the quiet of its last claim, and a look.</summary>
    private const long MostLateMs = 7000;

    private static SimulationPlan Plan => new()
    {
        Seed = 1,
        Nodes = 3,
        IsLong = false,
        Stretch = 1,
        StartMs = 1000,
        LengthMs = LastDueMs,
        Tasks = Tasks,
        SnapshotLogBytes = 20_000,
        UsualDelayMs = 5,
    };

    [Test]
    public void What_is_due_at_a_member_that_the_log_does_not_reach_is_sent_by_others_once_and_soon(
        [Values(1, 2, 3, 4)] int seed)
    {
        var world = new SimulationWorld(Plan, new Random(seed));
        var turns = new SimulationTurns(world);
        foreach (var machine in world.Machines)
            machine.TryStart();
        turns.GoOn(5000);
        CreateAll(world);
        turns.GoOn(CutFromMs - 5000);
        var leader = world.Machines.Single(static machine => machine.Process!.Raft.IsLeader);
        var cut = world.Machines.First(machine => machine != leader);
        var ofCut = cut.Process!.Session;
        var before = Shares(leader, ofCut);

        world.Network.CutLog(cut.Id);
        turns.GoOn(CutMs);
        var during = Shares(leader, ofCut);
        world.Network.MendAll();
        turns.GoOn(LastDueMs - CutFromMs - CutMs + 20_000);

        var calls = world.History.Calls;
        var late = calls.Where(static call => call.StartMs - call.ScheduledMs > MostLateMs);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.InRange(85, 86));
            Assert.That(during, Is.Zero);
            Assert.That(Shares(leader, ofCut), Is.InRange(85, 86), "it has caught up");
            Assert.That(calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks), "all are sent");
            Assert.That(calls, Has.Count.EqualTo(Tasks), "and none twice");
            Assert.That(late, Is.Empty);
            Assert.That(calls.Count(call => call.Sender == ofCut), Is.Positive, "the one of them, before or after");
        }
    }

    private static int Shares(SimulatedMachine leader, OwnerSession session) =>
        leader.Process!.State.Ownership.Sessions.Count(owner => owner == session);

    private static void CreateAll(SimulationWorld world)
    {
        var client = new SimulatedClient(world);
        for (var task = 0; task < Tasks; task++)
        {
            var dueMs = world.History.StartMs + FirstDueMs + (LastDueMs - FirstDueMs) * task / Tasks;
            var format = dueMs / 1000;
            var url = $"http://ok1.test/{task}";
            var body = $$"""{"callback":{"url":"{{url}}"},"type":2,"format":"{{format}}"}""";
            client.Ask("createTask", task, body, static ended => Assert.That(ended.Code, Is.Zero));
        }
    }
}
