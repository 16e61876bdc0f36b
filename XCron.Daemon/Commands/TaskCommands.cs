using Google.Protobuf;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>
/// Encodes every command of tasks.proto, for <see cref="ICommandGateway.SubmitAsync"/>. Each makes one array of the
/// right size. The answers are read by <see cref="CreateAnswers"/>, <see cref="DeleteAnswer"/> and
/// <see cref="ChangeAnswer"/>; the others are codes alone.
/// </summary>
internal static class TaskCommands
{
    /// <summary>
    /// The definition is copied once, into the command. An answer with <see cref="ResultCode.IdTaken"/> is to be
    /// followed by another try with a new id.
    /// </summary>
    /// <param name="proposer">This process; the ids come from its <see cref="TaskIdSource"/>.</param>
    /// <param name="task">What to create.</param>
    public static byte[] EncodeCreate(OwnerSession proposer, in NewTask task) =>
        CreateCommand.Encode(proposer, new ReadOnlySpan<NewTask>(in task));

    /// <inheritdoc cref="EncodeCreate(OwnerSession, in NewTask)"/>
    public static byte[] EncodeCreate(OwnerSession proposer, ReadOnlySpan<NewTask> tasks) =>
        CreateCommand.Encode(proposer, tasks);

    public static byte[] EncodeDelete(TaskId id) =>
        new TaskCommand { Delete = new DeleteTask { TaskId = id.Value } }.ToByteArray();

    public static byte[] EncodeDelete(string name) =>
        new TaskCommand { Delete = new DeleteTask { Name = name } }.ToByteArray();

    /// <param name="id">The task, or the default where it is meant by name.</param>
    /// <param name="name">Its name, or null.</param>
    public static byte[] EncodePause(TaskId id, string? name) =>
        new TaskCommand { Pause = new PauseTask { TaskId = id.Value, Name = name ?? "" } }.ToByteArray();

    public static byte[] EncodeResume(ResumeTask resume) => new TaskCommand { Resume = resume }.ToByteArray();

    /// <param name="id">The task, or the default where it is meant by name.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="nowMs">When it was asked for.</param>
    /// <param name="scheduledMs">The time that the run is for; not after now.</param>
    public static byte[] EncodeRun(TaskId id, string? name, long nowMs, long scheduledMs)
    {
        var run = new RunTask { TaskId = id.Value, Name = name ?? "", NowMs = nowMs, ScheduledMs = scheduledMs };
        return new TaskCommand { Run = run }.ToByteArray();
    }

    public static byte[] EncodeUpdate(UpdateTask update) => new TaskCommand { Update = update }.ToByteArray();

    /// <summary>The answer's code is the number of claims granted.</summary>
    public static byte[] EncodeClaims(OwnerSession session, long nowMs, IEnumerable<ClaimRun> claims)
    {
        var command = new ClaimRuns { Session = SessionMessage.Of(session), NowMs = nowMs };
        command.Claims.AddRange(claims);
        return new TaskCommand { Claim = command }.ToByteArray();
    }

    /// <summary>The answer's code is the number of attempts recorded; the others were stale.</summary>
    public static byte[] EncodeFinish(OwnerSession session, IEnumerable<FinishAttempt> attempts)
    {
        var command = new FinishAttempts { Session = SessionMessage.Of(session) };
        command.Attempts.AddRange(attempts);
        return new TaskCommand { Finish = command }.ToByteArray();
    }

    /// <summary>The answer is read by <see cref="DecodeImported"/>.</summary>
    public static byte[] EncodeImport(IEnumerable<ImportTask> tasks)
    {
        var command = new ImportTasks();
        command.Tasks.AddRange(tasks);
        return new TaskCommand { Import = command }.ToByteArray();
    }

    /// <summary>A <see cref="ResultCode"/> for each task of an import, in order.</summary>
    /// <exception cref="InvalidDataException">The bytes are no ImportTasksResult.</exception>
    public static IReadOnlyList<int> DecodeImported(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return ImportTasksResult.Parser.ParseFrom(encoded).Codes;
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No ImportTasksResult: {exception.Message}", exception);
        }
    }

    /// <summary>The answer's code is 0 or <see cref="ResultCode.StaleEpoch"/>.</summary>
    /// <param name="expectedEpoch">The epoch of the table that the changes were computed from.</param>
    /// <param name="changes">The shards whose owner changes; <see cref="OwnerSession.None"/> leaves one to
    /// nobody.</param>
    public static byte[] EncodeAssign(long expectedEpoch, IEnumerable<(ShardId Shard, OwnerSession Owner)> changes)
    {
        var command = new AssignShards { ExpectedEpoch = expectedEpoch };
        foreach (var ofOwner in changes.GroupBy(static change => change.Owner, static change => change.Shard.Value))
        {
            var assignment = new Assignment { Session = SessionMessage.Of(ofOwner.Key) };
            assignment.Shards.AddRange(ofOwner);
            command.Assignments.Add(assignment);
        }

        return new TaskCommand { Assign = command }.ToByteArray();
    }
}
