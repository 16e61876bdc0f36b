using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Takes tasks over under the ids that they had elsewhere, each with its own answer. The same task again is no change,
/// and another under the same id or name is refused: an import never overwrites.
/// </summary>
internal static class ImportHandler
{
    /// <summary>
    /// Who is recorded as the chooser of an imported id: no session, as those are odd; so the id's next chooser learns
    /// that it is taken.
    /// </summary>
    private const ulong Importer = 2;

    public static ApplyResult Apply(StateTables tables, ImportTasks command)
    {
        var result = new ImportTasksResult();
        foreach (var task in command.Tasks)
            result.Codes.Add(Import(tables, task));
        return new ApplyResult(ResultCode.Ok, result.ToByteArray());
    }

    private static int Import(StateTables tables, ImportTask task)
    {
        var id = new TaskId(task.TaskId);
        var isReadable = DefinitionHead.TryRead(task.Definition.Span, out var type, out var name);
        if (task.TaskId <= 0 || !isReadable || type == TaskType.Unspecified || !HasPlace(task))
            return ResultCode.Invalid;

        // As with a create: a newer version would take it.
        if (type is not (TaskType.Periodic or TaskType.OneShot))
            throw new InvalidDataException($"Task {id} is of the type {(int)type}, unknown to this version.");
        if (tables.Tasks.Find(id) is { } known)
            return task.Definition.Span.SequenceEqual(known.Definition) ? ResultCode.Unchanged : ResultCode.IdTaken;
        if (name.Length > 0 && tables.Names.Find(name) is not null)
            return ResultCode.NameTaken;

        tables.Create(RecordOf(task), name);
        return ResultCode.Ok;
    }

    /// <summary>Whether it says of the schedule what can be.</summary>
    private static bool HasPlace(ImportTask task) =>
        task.NextDueMs >= 0 && task.QueuedDueMs >= 0 && task.NextDelayMs is >= 0 and <= int.MaxValue
        && (task.NextDueMs != 0 || task.QueuedDueMs != 0 || task.OpenRuns.Count > 0)
        && task.RunsByHand >= 0 && task.RunsByHand <= task.RunSequence && ImportedRuns.Refusal(task) is null;

    private static TaskRecord RecordOf(ImportTask task) => new()
    {
        Id = new TaskId(task.TaskId),
        CreateTimeMs = task.CreateTimeMs,
        CreatedBy = Importer,
        Definition = task.Definition.ToByteArray(),
        Revision = 1,
        Phase = task.Paused ? TaskPhase.Paused : TaskPhase.Scheduled,
        NextDueMs = task.NextDueMs,
        NextDelayMs = (int)task.NextDelayMs,
        QueuedDueMs = task.QueuedDueMs,
        Runs = ImportedRuns.Of(task),
        RunSequence = task.RunSequence,
        RunCount = task.RunCount,
        FailCount = task.FailCount,
        History = RunHistory.Load(null, [], task.RunsByHand),
    };
}
