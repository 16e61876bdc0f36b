using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Whole schedulers that a test leads through one fault, step by step in virtual time. What happened is in the history,
/// which is judged in the end as that of a random run is.
/// </summary>
internal sealed class SimulatedCluster
{
    /// <summary>Until somebody leads and every shard has its owner.</summary>
    private const long FormingMs = 5000;

    private readonly SimulationPlan _plan;
    private readonly SimulatedClient _client;
    private int _lastStory;

    private SimulatedCluster(SimulationPlan plan)
    {
        _plan = plan;
        World = new SimulationWorld(plan, new Random(plan.Seed));
        Turns = new SimulationTurns(World);
        _client = new SimulatedClient(World);
    }

    public SimulationWorld World { get; }

    public SimulationTurns Turns { get; }

    public History History => World.History;

    public long NowMs => World.History.NowMs;

    public SimulatedMachine Leader => World.Machines.Single(static machine =>
        machine.IsRunning && machine.Process!.Raft.IsLeader);

    /// <summary>Who does not lead, in the order of their ids.</summary>
    public SimulatedMachine[] Followers => [.. World.Machines.Where(machine => machine != Leader)];

    /// <summary>Forms a cluster.</summary>
    /// <param name="seed">Decides everything that chance does.</param>
    /// <param name="nodes">How many there are.</param>
    /// <param name="delayMs">The longest that a message usually takes.</param>
    /// <param name="startMs">When it begins, in ms of the year 2026.</param>
    /// <param name="stretch">How patient it is.</param>
    /// <param name="snapshotLogBytes">After how much log a snapshot is taken.</param>
    public static SimulatedCluster Form(
        int seed,
        int nodes = 3,
        int delayMs = 5,
        long startMs = 1000,
        int stretch = 1,
        long snapshotLogBytes = 100_000)
    {
        var cluster = new SimulatedCluster(new SimulationPlan
        {
            Seed = seed,
            Nodes = nodes,
            IsLong = false,
            Stretch = stretch,
            StartMs = startMs,
            LengthMs = 0,
            Tasks = 0,
            SnapshotLogBytes = snapshotLogBytes,
            UsualDelayMs = delayMs,
        });
        foreach (var machine in cluster.World.Machines)
            machine.TryStart();
        cluster.GoOn(FormingMs * stretch);
        return cluster;
    }

    public void GoOn(long ms) => Turns.GoOn(ms);

    /// <summary>Up to a moment of the true wall clock.</summary>
    public void GoOnTo(long unixMs) => Turns.GoOn(unixMs - NowMs);

    /// <summary>Up to the first moment at which it holds; the test fails where there is none for so long.</summary>
    public void GoOnUntil(Func<bool> holds, long atMostMs)
    {
        var endMs = NowMs + atMostMs;
        Turns.DoInstant();
        while (!holds())
        {
            Assert.That(NowMs, Is.LessThan(endMs), "it does not come to hold");
            World.Time.Advance(Math.Clamp(Turns.NextDueMs() - World.Time.NowMs, 0, endMs - NowMs));
            Turns.DoInstant();
        }
    }

    /// <summary>Until somebody leads; returns how long that took.</summary>
    public long GoOnUntilElected()
    {
        var fromMs = NowMs;
        GoOnUntil(
            () => World.Machines.Any(static machine => machine is { IsRunning: true, Process.Raft.IsLeader: true }),
            20_000L * _plan.Stretch);
        return NowMs - fromMs;
    }

    /// <summary>Asks a node, or any that runs; the answer is there once time has gone on.</summary>
    public ClientOperation Ask(string call, int story, string body, SimulatedMachine? of = null) => of is null
        ? _client.Ask(call, story, body, static _ => { })!
        : _client.AskOf(of, call, story, body, static _ => { });

    /// <summary>Creates a task that calls the host, under the next number.</summary>
    /// <param name="format">When it is due.</param>
    /// <param name="type">1 periodic, 2 one-shot.</param>
    /// <param name="more">Fields besides; begins with a comma or is empty.</param>
    /// <param name="host">Decides how the target behaves.</param>
    /// <param name="of">The node that is asked.</param>
    public ClientOperation Create(
        string format, int type, string more = "", string host = "ok1", SimulatedMachine? of = null) =>
        Ask("createTask", ++_lastStory, Body(_lastStory, format, type, more, host), of);

    /// <summary>Creates one-shots, due every so often, and sees them acknowledged.</summary>
    /// <returns>Their ids, in the order of their due times.</returns>
    public TaskId[] CreateOneShots(int count, long firstDueMs, double everyMs = 0, string more = "")
    {
        var creates = Enumerable.Range(0, count)
            .Select(i => Create($"{(firstDueMs + (long)(i * everyMs)) / 1000}", 2, more)).ToArray();
        GoOn(2000);
        Assert.That(creates.Select(static create => create.Code), Is.All.Zero, "each is acknowledged");
        return [.. creates.Select(static create => create.TaskId)];
    }

    /// <summary>Asks for one-shots, due evenly between two moments after the beginning.</summary>
    public ClientOperation[] CreateOneShotsBetween(int count, long firstMs, long lastMs, string host = "ok1") =>
    [
        .. Enumerable.Range(0, count)
            .Select(i => History.StartMs + firstMs + ((lastMs - firstMs) * i / count))
            .Select(dueMs => Create($"{dueMs / 1000}", 2, host: host)),
    ];

    public OwnerSession OwnerOf(TaskId task) => Leader.Process!.State.OwnerOf(ShardId.Of(task));

    /// <summary>From now on something is wrong, for so long.</summary>
    public void Note(string fault, long forMs = 0) =>
        History.Troubles.Add(new Trouble(fault, default, NowMs, NowMs + forMs));

    /// <summary>kill -9, or the loss of power.</summary>
    public void Kill(SimulatedMachine machine, bool losesPower = false)
    {
        Note("kill");
        machine.Crash(losesPower);
    }

    /// <summary>Nobody hears it any more, and it hears nobody.</summary>
    public void CutOff(SimulatedMachine machine)
    {
        foreach (var other in World.Machines.Where(other => other != machine))
        {
            World.Network.Cut(machine.Id, other.Id);
            World.Network.Cut(other.Id, machine.Id);
        }
    }

    /// <summary>Nobody hears anybody.</summary>
    public void CutAll()
    {
        foreach (var machine in World.Machines)
            CutOff(machine);
    }

    /// <summary>The due times that a task's calls were for, in the order of the calls.</summary>
    public long[] Served(ClientOperation create) =>
        [.. History.Calls.Where(call => call.Story == create.Story).Select(static call => call.ScheduledMs)];

    /// <summary>All is well again, and everybody is up; returns when all has come to rest.</summary>
    public void Recover()
    {
        World.Network.MendAll();
        foreach (var machine in World.Machines)
        {
            machine.PausedUntilMs = 0;
            if (machine.Process is null)
                machine.TryStart();
        }

        Note("end");
        GoOn(World.Timeouts.RecoveryMs * 2);
    }

    /// <summary>Nothing lost, nothing early, nothing twice but where a fault explains it; every answer true.</summary>
    public SimulationReport Judge()
    {
        History.EndMs = NowMs;
        var report = new HistoryChecker(History, _plan, World.Timeouts).Judge();
        Assert.That(report.Wrongs, Is.Empty, $"seed {_plan.Seed}: {report}");
        return report;
    }

    private static string Body(int story, string format, int type, string more, string host) =>
        $$"""{"callback":{"url":"http://{{host}}.test/{{story}}"},"type":{{type}},"format":"{{format}}"{{more}}}""";
}
