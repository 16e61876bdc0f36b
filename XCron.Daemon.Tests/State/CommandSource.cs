using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.State;

/// <summary>
/// Random commands from a seed, most of them such as a scheduler would propose for the state as it is, the others
/// stale, early, of the wrong session or nonsense.
/// </summary>
internal sealed class CommandSource(int seed, ITaskReader reader)
{
    private static readonly OwnerSession[] Sessions =
    [
        new(new NodeId(1), 11), new(new NodeId(1), 12), new(new NodeId(2), 21), new(new NodeId(3), 31),
    ];

    private readonly Random _random = new(seed);
    private readonly List<long> _ids = [];
    private long _lastId;
    private long _nowMs = 1_000_000;

    public byte[] Next()
    {
        // Now and then the clock of whoever proposes is behind.
        _nowMs += _random.Next(0, 400);
        return _random.Next(100) switch
        {
            < 11 => Create(),
            < 12 => Import(),
            < 15 => Delete(),
            < 53 => Claims(),
            < 83 => Finish(),
            < 86 => _random.Next(3) == 0 ? TaskCommands.EncodePause(default, AnyName()) : Pause(),
            < 90 => Resume(),
            < 93 => Run(),
            < 97 => Update(),
            _ => Assign(),
        };
    }

    private byte[] Create()
    {
        var tasks = new NewTask[_random.Next(4) == 0 ? _random.Next(1, 30) : 1];
        for (var i = 0; i < tasks.Length; i++)
        {
            var id = _random.Next(20) == 0 && _ids.Count > 0 ? AnyId() : ++_lastId * 4_194_301;
            _ids.Add(id);
            var definition = Definition(_random.Next(8) == 0 ? TaskType.OneShot : TaskType.Periodic);
            var firstDueMs = _random.Next(40) == 0 ? 0 : _nowMs + _random.Next(2000);
            tasks[i] = new NewTask(new TaskId(id), _nowMs, firstDueMs, definition) { FirstDelayMs = AnyDelayMs() };
        }

        return TaskCommands.EncodeCreate(AnySession(), tasks);
    }

    /// <summary>Some of its tasks have open runs, of which a few contradict themselves.</summary>
    private byte[] Import()
    {
        var id = _random.Next(10) == 0 && _ids.Count > 0 ? AnyId() : ++_lastId * 4_194_301;
        _ids.Add(id);
        var task = new ImportTask
        {
            TaskId = id,
            CreateTimeMs = _nowMs,
            Definition = ByteString.CopyFrom(Definition(TaskType.Periodic)),
            NextDueMs = _random.Next(4) == 0 ? 0 : _nowMs + _random.Next(2000),
            QueuedDueMs = _random.Next(4) == 0 ? _nowMs - _random.Next(2000) : 0,
            Paused = _random.Next(8) == 0,
            RunSequence = _random.Next(6),
            RunsByHand = _random.Next(3),
        };
        for (var sequence = task.RunSequence; sequence > 0 && _random.Next(3) != 0; sequence--)
        {
            task.OpenRuns.Add(new ImportRun
            {
                Sequence = sequence,
                ScheduledMs = _nowMs - 20_000 + (sequence * 1000),
                Attempt = _random.Next(1, 4),
                Failures = _random.Next(2),
                RetryAtMs = _random.Next(2) == 0 ? 0 : _nowMs + _random.Next(500),
                ByHand = _random.Next(10) == 0,
            });
        }

        task.RunCount = task.RunSequence - task.OpenRuns.Count;
        return TaskCommands.EncodeImport([task]);
    }

    private byte[] Definition(TaskType type) => StateFixture.Definition(
        type,
        _random.Next(2) == 0 ? "" : AnyName(),
        $"http://target/{_random.Next(2)}/{new string('x', _random.Next(200))}",
        (Overlap)_random.Next(3),
        _random.Next(20) == 0);

    private string AnyName() => $"name-{_random.Next(60)}";

    private long AnyDelayMs() => _random.Next(3) == 0 ? _random.Next(300) : 0;

    private byte[] Delete() => _random.Next(2) == 0 || _ids.Count == 0
        ? TaskCommands.EncodeDelete(AnyName())
        : TaskCommands.EncodeDelete(new TaskId(AnyId()));

    private byte[] Pause() => TaskCommands.EncodePause(new TaskId(_ids.Count == 0 ? 1 : AnyId()), null);

    /// <summary>A paused task, where one is met.</summary>
    private byte[] Resume()
    {
        TaskRecord? record = null;
        for (var looks = 0; looks < 40 && _ids.Count > 0 && record is not { Phase: TaskPhase.Paused }; looks++)
            record = reader.Find(new TaskId(AnyId()));
        var replacesDue = _random.Next(2) == 0;
        return TaskCommands.EncodeResume(new ResumeTask
        {
            TaskId = record?.Id.Value ?? 1,
            Revision = (record?.Revision ?? 1) - (_random.Next(20) == 0 ? 1 : 0),
            ReplacesDue = replacesDue,
            NextDueMs = replacesDue && _random.Next(5) != 0 ? _nowMs + _random.Next(-50, 900) : 0,
            NextDelayMs = replacesDue ? AnyDelayMs() : 0,
            Missed = replacesDue ? _random.Next(4) : 0,
            ExpireAtMs = _nowMs + _random.Next(500),
            NowMs = _nowMs,
        });
    }

    private byte[] Run() => TaskCommands.EncodeRun(
        new TaskId(_ids.Count == 0 ? 1 : AnyId()), null, _nowMs, _nowMs - _random.Next(-1, 5000));

    private byte[] Update()
    {
        var record = _ids.Count == 0 ? null : reader.Find(new TaskId(AnyId()));
        var replacesDue = _random.Next(2) == 0;
        var type = record is null ? TaskType.Periodic : DefinitionHead.TypeOf(record.Definition);
        return TaskCommands.EncodeUpdate(new UpdateTask
        {
            TaskId = record?.Id.Value ?? 1,
            Revision = (record?.Revision ?? 1) - (_random.Next(20) == 0 ? 1 : 0),
            Definition = ByteString.CopyFrom(Definition(_random.Next(20) == 0 ? TaskType.OneShot : type)),
            ReplacesDue = replacesDue,
            NextDueMs = replacesDue ? _nowMs + _random.Next(1, 900) : 0,
            NextDelayMs = replacesDue ? AnyDelayMs() : 0,
        });
    }

    private byte[] Claims()
    {
        // A session claims for its own shards; take the owner of one of the tasks, so that many claims fit.
        var claims = new List<ClaimRun>();
        var session = AnySession();
        for (var i = _random.Next(1, 30); i > 0 && _ids.Count > 0; i--)
        {
            if (reader.Find(new TaskId(AnyId())) is not { } record)
                continue;
            if (claims.Count == 0 && _random.Next(20) != 0)
                session = reader.OwnerOf(ShardId.Of(record.Id));
            if (session != reader.OwnerOf(ShardId.Of(record.Id)) && _random.Next(10) != 0)
                continue;
            claims.Add(ClaimFor(record, session));
        }

        return TaskCommands.EncodeClaims(session, _random.Next(30) == 0 ? _nowMs - 1500 : _nowMs, claims);
    }

    private ClaimRun ClaimFor(TaskRecord record, OwnerSession session)
    {
        var scheduledMs = _random.Next(4) == 0 ? Math.Max(record.NextDueMs, _nowMs) : record.NextDueMs;
        return new ClaimRun
        {
            TaskId = record.Id.Value,
            Revision = record.Revision - (_random.Next(20) == 0 ? 1 : 0),
            Action = _random.Next(8) == 0 ? (ClaimAction)_random.Next(1, 10) : FittingAction(record, session),
            ScheduledMs = scheduledMs,
            NextDueMs = _random.Next(6) == 0 ? 0 : scheduledMs + _random.Next(-2, 800),
            Missed = _random.Next(3) == 0 ? _random.Next(5) : 0,
            NextDelayMs = AnyDelayMs(),
            DelayMs = _random.Next(5) == 0 ? _random.Next(200) : 0,
            RunSequence = AnyOpenRun(record),
            Reason = (SkipReason)_random.Next(5),
            ExpireAtMs = _nowMs + _random.Next(500),
        };
    }

    private ClaimAction FittingAction(TaskRecord record, OwnerSession session) => record switch
    {
        { Run: null, ExpireAtMs: not 0 } => ClaimAction.Sweep,
        { Run: null, QueuedDueMs: not 0 } =>
            _random.Next(6) == 0 ? ClaimAction.SkipQueued : ClaimAction.StartQueued,
        { Run: null } => _random.Next(6) == 0 ? ClaimAction.SkipDue : ClaimAction.Start,
        { Run.ClaimedBy.IsNone: true } => _random.Next(2) == 0 ? ClaimAction.Retry : ClaimAction.Start,
        _ when record.Run.ClaimedBy != session => ClaimAction.Reclaim,
        _ => DefinitionHead.OverlapOf(record.Definition) == Overlap.Allow
            ? ClaimAction.StartBeside
            : ClaimAction.Queue,
    };

    private long AnyOpenRun(TaskRecord record) => record.Runs is null || _random.Next(3) == 0
        ? 0
        : record.Runs.AsSpan()[_random.Next(record.Runs.Count)].Sequence;

    private byte[] Finish()
    {
        var attempts = new List<FinishAttempt>();
        var session = AnySession();
        for (var i = _random.Next(1, 30); i > 0 && _ids.Count > 0; i--)
        {
            if (reader.Find(new TaskId(AnyId())) is not { Runs: { } runs } record)
                continue;
            var run = runs.AsSpan()[_random.Next(runs.Count)];
            if (attempts.Count == 0 && _random.Next(20) != 0)
                session = run.ClaimedBy;
            if (session != run.ClaimedBy && _random.Next(10) != 0)
                continue;
            attempts.Add(new FinishAttempt
            {
                TaskId = record.Id.Value,
                RunSequence = run.Sequence,
                Attempt = run.Attempt - (_random.Next(20) == 0 ? 1 : 0),
                Outcome = _random.Next(25) == 0 ? AttemptOutcome.Skipped
                    : _random.Next(2) == 0 ? AttemptOutcome.Succeeded : AttemptOutcome.Failed,
                HttpStatus = 200 + _random.Next(300),
                Error = _random.Next(2) == 0 ? "" : "no route to host ü",
                StartMs = _nowMs - 5,
                EndMs = _nowMs,
                RetryAtMs = _random.Next(2) == 0 ? 0 : _nowMs + _random.Next(900),
                Pause = _random.Next(12) == 0,
                KeepDue = _random.Next(2) == 0,
                ExpireAtMs = _nowMs + _random.Next(500),
                NextDueMs = _random.Next(3) == 0 ? 0 : _nowMs + _random.Next(-500, 500),
            });
        }

        return TaskCommands.EncodeFinish(session, attempts);
    }

    private byte[] Assign()
    {
        var owner = _random.Next(10) == 0 ? OwnerSession.None : AnySession();
        var changes = Enumerable.Range(0, _random.Next(1, 256))
            .Select(_ => (new ShardId(_random.Next(ShardId.Count)), owner));
        var epoch = reader.Ownership.Epoch - (_random.Next(10) == 0 ? 1 : 0);
        var assign = TaskCommand.Parser.ParseFrom(TaskCommands.EncodeAssign(epoch, [.. changes]));
        for (var ending = _random.Next(-2, 3); ending > 0; ending--)
            assign.Assign.Ending.Add(SessionMessage.Of(AnySession()));
        return assign.ToByteArray();
    }

    /// <summary>One of the latest more often than others, so that tasks have a life.</summary>
    private long AnyId() => _ids[_random.Next(Math.Max(0, _ids.Count - 80), _ids.Count)];

    private OwnerSession AnySession() => Sessions[_random.Next(Sessions.Length)];
}
