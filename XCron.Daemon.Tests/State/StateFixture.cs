using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.State;

/// <summary>A state with a log's counter and a recorder of what observers hear.</summary>
internal sealed class StateFixture
{
    public static readonly OwnerSession Alpha = new(new NodeId(1), 11);
    public static readonly OwnerSession Beta = new(new NodeId(2), 22);

    private long _index;

    public StateFixture()
    {
        State.Observe(Heard);
        AssignAll(Alpha);
    }

    public SchedulerState State { get; } = new();

    public RecordingObserver Heard { get; } = new();

    public static byte[] Definition(
        TaskType type = TaskType.Periodic, string name = "", string url = "http://x/",
        Overlap overlap = Overlap.Queue, bool paused = false) =>
        TaskDefinitionCodec.Encode(
            new TaskDefinition { Type = type, Name = name, Url = url, Overlap = overlap, Paused = paused });

    public static byte[] CreateCommand(long id, byte[] definition, long firstDueMs = 1000) =>
        TaskCommands.EncodeCreate(Alpha, new NewTask(new TaskId(id), 500, firstDueMs, definition));

    public static async Task<byte[]> SnapshotOf(SchedulerState state)
    {
        using var view = state.Capture();
        return await BytesOf(view);
    }

    public static async Task<byte[]> BytesOf(ISnapshotView view)
    {
        var stream = new MemoryStream();
        await view.WriteAsync(stream, CancellationToken.None);
        return stream.ToArray();
    }

    public static async Task<SchedulerState> Restored(byte[] snapshot)
    {
        var state = new SchedulerState();
        await state.RestoreAsync(new MemoryStream(snapshot), CancellationToken.None);
        return state;
    }

    public ApplyResult Apply(byte[] command) => Apply(State, ++_index, command);

    public static ApplyResult Apply(SchedulerState state, long index, byte[] command)
    {
        var results = new ApplyResult[1];
        state.Apply([new LogEntry(new LogIndex(index), new Term(1), EntryKind.Command, command)], results);
        return results[0];
    }

    public TaskRecord Create(long id, TaskType type = TaskType.Periodic, string name = "", long firstDueMs = 1000)
    {
        var result = Apply(CreateCommand(id, Definition(type, name), firstDueMs));
        Assert.That(result.Code, Is.Zero);
        return Find(id);
    }

    public TaskRecord Find(long id) => State.Find(new TaskId(id))!;

    public void AssignAll(OwnerSession owner)
    {
        var changes = Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), owner));
        Assert.That(Apply(TaskCommands.EncodeAssign(State.Ownership.Epoch, changes)).Code, Is.Zero);
    }

    /// <summary>Claims for the record as it is now; returns how many were granted.</summary>
    public long Claim(
        OwnerSession session, long id, ClaimAction action, long nowMs, long scheduledMs = 0, long nextDueMs = 0,
        long missed = 0, long expireAtMs = 0, long nextDelayMs = 0, long delayMs = 0, long runSequence = 0,
        SkipReason reason = SkipReason.Unspecified)
    {
        var claim = new ClaimRun
        {
            TaskId = id,
            Revision = Find(id).Revision,
            Action = action,
            ScheduledMs = scheduledMs,
            NextDueMs = nextDueMs,
            Missed = missed,
            ExpireAtMs = expireAtMs,
            NextDelayMs = nextDelayMs,
            DelayMs = delayMs,
            RunSequence = runSequence,
            Reason = reason,
        };
        return Apply(TaskCommands.EncodeClaims(session, nowMs, [claim])).Code;
    }

    public TaskRecord Start(long id, long scheduledMs = 1000, long nextDueMs = 0)
    {
        Assert.That(Claim(Alpha, id, ClaimAction.Start, scheduledMs, scheduledMs, nextDueMs), Is.EqualTo(1));
        return Find(id);
    }

    /// <summary>Reports on the attempt that is open now; returns how many were recorded.</summary>
    public long Finish(
        OwnerSession session, long id, AttemptOutcome outcome, long retryAtMs = 0, bool pause = false,
        long expireAtMs = 9000, bool keepDue = false, string? error = null, long runSequence = 0,
        long nextDueMs = 0)
    {
        var record = Find(id);
        var run = runSequence == 0 ? record.Run! : record.Runs!.Find(runSequence)!;
        return Apply(TaskCommands.EncodeFinish(session, [new FinishAttempt
        {
            TaskId = id,
            RunSequence = run.Sequence,
            Attempt = run.Attempt,
            Outcome = outcome,
            HttpStatus = outcome == AttemptOutcome.Succeeded ? 200 : 500,
            Error = error ?? (outcome == AttemptOutcome.Succeeded ? "" : "500"),
            StartMs = run.ClaimedMs + 1,
            EndMs = run.ClaimedMs + 2,
            RetryAtMs = retryAtMs,
            Pause = pause,
            KeepDue = keepDue,
            ExpireAtMs = expireAtMs,
            NextDueMs = nextDueMs,
        }])).Code;
    }

    public long Pause(long id) => Apply(TaskCommands.EncodePause(new TaskId(id), null)).Code;

    /// <summary>Resumes the record as it is now.</summary>
    public long Resume(
        long id, bool replacesDue = false, long nextDueMs = 0, long nextDelayMs = 0, long missed = 0,
        long expireAtMs = 0) => Apply(TaskCommands.EncodeResume(new ResumeTask
        {
            TaskId = id,
            Revision = Find(id).Revision,
            ReplacesDue = replacesDue,
            NextDueMs = nextDueMs,
            NextDelayMs = nextDelayMs,
            Missed = missed,
            ExpireAtMs = expireAtMs,
            NowMs = 5000,
        })).Code;

    public ApplyResult Run(long id, long nowMs, long scheduledMs = 0) =>
        Apply(TaskCommands.EncodeRun(new TaskId(id), null, nowMs, scheduledMs == 0 ? nowMs : scheduledMs));

    /// <summary>Updates the record as it is now; without a due time the schedule stays.</summary>
    public ApplyResult Update(long id, byte[] definition, long nextDueMs = 0, long nextDelayMs = 0) =>
        Apply(TaskCommands.EncodeUpdate(new UpdateTask
        {
            TaskId = id,
            Revision = Find(id).Revision,
            Definition = ByteString.CopyFrom(definition),
            ReplacesDue = nextDueMs != 0,
            NextDueMs = nextDueMs,
            NextDelayMs = nextDelayMs,
        }));

    public long Succeed(long id) => Finish(Alpha, id, AttemptOutcome.Succeeded);
}
