namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Three schedulers, of which one is stopped in order, or removed, while the log comes to it late, by more than a look
/// of the leader's: what it was granted just before its shards went it learns when they are another's.
/// </summary>
internal sealed class OrderlyStopTests
{
    private const int Tasks = 400;
    private const long FirstDueMs = 15_000;
    private const long LastDueMs = 55_000;
    private const int LateMs = 400;
    private const int MostLateMs = 1000;

    /// <summary>After a whole second: what was due at it is on its way to be claimed.</summary>
    private const int JustClaimedMs = 15;

    private static SimulationPlan Plan => new()
    {
        Seed = 1,
        Nodes = 3,
        IsLong = false,
        Stretch = 1,
        StartMs = 1000,
        LengthMs = LastDueMs,
        Tasks = Tasks,
        SnapshotLogBytes = 60_000,
        UsualDelayMs = 5,
    };

    [Test]
    public void A_node_that_is_stopped_in_order_sends_nothing_that_its_successors_send(
        [Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        var (world, turns) = Begin(seed);
        foreach (var machine in world.Machines)
        {
            world.Network.DelayLog(machine.Id, LateMs);
            turns.GoOn(3000 + JustClaimedMs);
            machine.Process!.Stop();
            turns.GoOn(6000 - JustClaimedMs);
            world.Network.MendAll();
            Assert.That(machine.Process, Is.Null, "it has stopped");
            machine.TryStart();
            turns.GoOn(3000);
        }

        turns.GoOn(20_000);
        RequireAllOnce(world);
    }

    [Test]
    public void A_node_that_is_removed_sends_nothing_that_its_successors_send(
        [Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        var (world, turns) = Begin(seed);
        var machine = world.Machines[seed % 3];
        world.Network.DelayLog(machine.Id, LateMs);
        turns.GoOn(3000 + JustClaimedMs);
        var removed = new SimulatedClient(world).Ask("removePeer", 0, $"{{\"host\":\"{machine.Address}\"}}", Nothing)!;
        turns.GoOn(6000);
        world.Network.MendAll();
        world.Remove(machine);
        turns.GoOn(LastDueMs);

        Assert.That((removed.Code, removed.Text), Is.EqualTo((0, "")));
        RequireAllOnce(world);
    }

    [Test]
    public void However_long_callbacks_of_a_node_that_stops_take_what_falls_due_meanwhile_is_sent_in_time(
        [Values(1, 2, 3, 4)] int seed)
    {
        var (world, turns) = Begin(seed, "slow1.test");
        foreach (var machine in world.Machines)
        {
            machine.Process!.Stop();
            turns.GoOn(11_000);
            Assert.That(machine.Process, Is.Null, "it has stopped");
            machine.TryStart();
            turns.GoOn(2000);
        }

        turns.GoOn(20_000);
        var late = world.History.Calls.Where(
            static call => call.Attempt == 1 && call.StartMs - call.ScheduledMs > MostLateMs);
        Assert.That(world.History.Calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks));
        Assert.That(late.Select(static call => call.ToString()), Is.Empty);
    }

    private static void Nothing(ClientOperation ended)
    {
    }

    private static (SimulationWorld World, SimulationTurns Turns) Begin(int seed, string host = "ok1.test")
    {
        var world = new SimulationWorld(Plan, new Random(seed));
        var turns = new SimulationTurns(world);
        foreach (var machine in world.Machines)
            machine.TryStart();
        turns.GoOn(5000);
        CreateAll(world, host);
        turns.GoOn(FirstDueMs - 5000);
        return (world, turns);
    }

    private static void RequireAllOnce(SimulationWorld world)
    {
        var calls = world.History.Calls;
        var doubled = calls.GroupBy(static call => call.Story).Where(static task => task.Count() > 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls.Select(static call => call.Story).Distinct().Count(), Is.EqualTo(Tasks), "all are sent");
            Assert.That(doubled.Select(static task => string.Join("; ", task)), Is.Empty, "and none twice");
        }
    }

    private static void CreateAll(SimulationWorld world, string host)
    {
        var client = new SimulatedClient(world);
        for (var task = 0; task < Tasks; task++)
        {
            var dueMs = world.History.StartMs + FirstDueMs + (LastDueMs - FirstDueMs) * task / Tasks;
            var url = $"http://{host}/{task}";
            var body = $$"""{"callback":{"url":"{{url}}"},"type":2,"format":"{{dueMs / 1000}}"}""";
            client.Ask("createTask", task, body, static ended => Assert.That(ended.Code, Is.Zero));
        }
    }
}
