using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>What became of one task of a create.</summary>
/// <param name="Task">The new task, or the one that was there before.</param>
/// <param name="IsExisting">The same task had been created under its name before.</param>
/// <param name="Error">Why it was not created, or null.</param>
internal readonly record struct CreateOutcome(TaskId Task, bool IsExisting, ApiError? Error)
{
    public static CreateOutcome ReadOne(in ApplyResult result)
    {
        var results = new CreateResultReader(result.Data.Span);
        if (ReadNext(ref results, out var outcome))
            return outcome;
        throw new InvalidDataException($"The state machine answered a create with code {result.Code} and no result.");
    }

    public static bool ReadNext(ref CreateResultReader results, out CreateOutcome outcome)
    {
        outcome = default;
        if (!results.Next(out var code, out var taskId, out var isExisting))
            return false;
        outcome = code switch
        {
            ApiCode.Ok => new CreateOutcome(new TaskId(taskId), isExisting, null),
            ApiCode.Conflict => new CreateOutcome(default, false, NameTaken(taskId)),
            _ => throw new InvalidDataException($"The state machine answered a create with code {code}."),
        };
        return true;
    }

    private static ApiError NameTaken(long taskId) => new(
        ApiCode.Conflict,
        taskId == 0
            ? "name is taken by a task with another content; must be free, or that of the same task"
            : $"name is taken by task {taskId}, which has another content; must be free, or that of the same task");
}
