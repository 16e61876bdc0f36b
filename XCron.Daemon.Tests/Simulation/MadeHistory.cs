using System.Globalization;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// A history made by hand, so that the checker can be shown what is wrong: a task that is due each minute, of a cluster
/// in which nothing fails. Times are ms since its begin, which is a full minute.
/// </summary>
internal sealed class MadeHistory
{
    public const int Story = 7;
    public const long MinuteMs = 60_000;
    public static readonly OwnerSession Owner = new(new NodeId(1), 11);
    public static readonly OwnerSession Other = new(new NodeId(2), 22);

    private static readonly SimulatedTimeouts Timeouts = new(1);

    private readonly VirtualTime _time = new();
    private readonly SchedulerState _state = new();
    private readonly LogWitness _witness;
    private readonly long _startMs;
    private long _index;

    public MadeHistory()
    {
        History = new History(_time);
        _witness = new LogWitness(History);
        _startMs = History.StartMs;
        Apply(TaskCommands.EncodeAssign(0, Enumerable.Range(0, 256).Select(shard => (new ShardId(shard), Owner))));
    }

    public History History { get; }

    public TaskId Task { get; set; } = new(1234);

    public long WallMs(long ms) => _startMs + ms;

    public void GoTo(long ms) => _time.Advance(ms - _time.NowMs);

    /// <summary>Due each minute, unless it is a one-shot of that moment.</summary>
    public void Create(long firstDueMs, long oneShotMs = 0, int maxRuns = 0)
    {
        var definition = DefinitionOf(oneShotMs, maxRuns);
        var task = new NewTask(Task, History.NowMs, WallMs(firstDueMs), definition.ToByteArray());
        Apply(TaskCommands.EncodeCreate(Owner, task));
    }

    /// <summary>Due each minute from then on, whatever it was.</summary>
    public void Update(long nextDueMs) => Apply(TaskCommands.EncodeUpdate(new UpdateTask
    {
        TaskId = Task.Value,
        Revision = _state.Find(Task)!.Revision,
        Definition = DefinitionOf(oneShotMs: 0, maxRuns: 0).ToByteString(),
        ReplacesDue = true,
        NextDueMs = WallMs(nextDueMs),
    }));

    /// <summary>The due time's run is claimed, by a clock that may be ahead, and the next one set.</summary>
    public void Claim(
        long dueMs, ClaimAction action = ClaimAction.Start, OwnerSession? by = null, long aheadMs = 0,
        bool isLast = false)
    {
        var claim = new ClaimRun
        {
            TaskId = Task.Value,
            Revision = _state.Find(Task)!.Revision,
            Action = action,
            ScheduledMs = WallMs(dueMs),
            NextDueMs = isLast ? 0 : WallMs(dueMs) + MinuteMs,
        };
        Apply(TaskCommands.EncodeClaims(by ?? Owner, History.NowMs + aheadMs, [claim]));
    }

    /// <summary>The due time that waited has its turn.</summary>
    public void ClaimQueued(long dueMs) => Apply(TaskCommands.EncodeClaims(Owner, History.NowMs, [new ClaimRun
    {
        TaskId = Task.Value,
        Revision = _state.Find(Task)!.Revision,
        Action = ClaimAction.StartQueued,
        ScheduledMs = WallMs(dueMs),
    }]));

    public void Send(
        long run, int attempt, long dueMs, OwnerSession? by = null, int status = 200, long aheadMs = 0)
    {
        History.Calls.Add(new TargetCall
        {
            StartMs = History.NowMs,
            Sender = by ?? Owner,
            AheadMs = aheadMs,
            Story = Story,
            Task = Task,
            Run = run,
            Attempt = attempt,
            ScheduledMs = WallMs(dueMs),
            AnsweredMs = History.NowMs + 2,
            Status = status,
        });
    }

    public void Finish(long run, int attempt, bool ok = true)
    {
        var result = new FinishAttempt
        {
            TaskId = Task.Value,
            RunSequence = run,
            Attempt = attempt,
            Outcome = ok ? AttemptOutcome.Succeeded : AttemptOutcome.Failed,
            RetryAtMs = ok ? 0 : History.NowMs + 1000,
            ExpireAtMs = History.NowMs + 86_400_000,
        };
        Apply(TaskCommands.EncodeFinish(Owner, [result]));
    }

    public void Delete() => Apply(TaskCommands.EncodeDelete(Task));

    /// <summary>As it should be: claimed, sent, answered and recorded a moment after it is due.</summary>
    public void Serve(long run, long dueMs, long lateMs = 5, bool isLast = false)
    {
        GoTo(dueMs + lateMs);
        Claim(dueMs, isLast: isLast);
        Send(run, 1, dueMs);
        GoTo(dueMs + lateMs + 10);
        Finish(run, 1);
    }

    /// <summary>Gives the shards to the other session.</summary>
    public void MoveAll() => Apply(TaskCommands.EncodeAssign(
        _state.Ownership.Epoch, Enumerable.Range(0, 256).Select(shard => (new ShardId(shard), Other))));

    public ClientOperation Asked(string call, int code, bool wasRunning = false)
    {
        var operation = new ClientOperation
        {
            InvokedMs = History.NowMs - 1,
            Call = call,
            Story = Story,
            Node = Owner.Node,
            NodeWallMs = History.NowMs - 1,
            Body = "{}",
            EndedMs = History.NowMs,
            Code = code,
            TaskId = Task,
            WasRunning = wasRunning,
        };
        History.Operations.Add(operation);
        return operation;
    }

    public SimulationReport Judge(long endMs)
    {
        GoTo(endMs);
        History.EndMs = History.NowMs;
        var plan = new SimulationPlan
        {
            Seed = 0, Nodes = 2, IsLong = false, Stretch = 1, StartMs = 0, LengthMs = endMs, Tasks = 1,
            SnapshotLogBytes = 1, UsualDelayMs = 1,
        };
        return new HistoryChecker(History, plan, Timeouts).Judge();
    }

    private TaskDefinition DefinitionOf(long oneShotMs, int maxRuns) => new()
    {
        Type = oneShotMs == 0 ? TaskType.Periodic : TaskType.OneShot,
        Format = oneShotMs == 0 ? "* * * * *" : (WallMs(oneShotMs) / 1000).ToString(CultureInfo.InvariantCulture),
        Timezone = oneShotMs == 0 ? "UTC" : "",
        Url = $"http://ok0.test/{Story}",
        TimeoutMs = 5000,
        MaxAttempts = 3,
        MinBackoffMs = 1000,
        MaxBackoffMs = 1000,
        MaxRuns = maxRuns,
    };

    private void Apply(byte[] command)
    {
        var results = new ApplyResult[1];
        var entry = new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, command);
        new WatchedState(_state, _witness).Apply([entry], results);
    }
}
