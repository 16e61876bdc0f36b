using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Deletes a task, whatever it is doing: what was not claimed before this in the log never will be. A result that comes
/// in later finds no task and is stale.
/// </summary>
internal static class DeleteTaskHandler
{
    public static ApplyResult Apply(StateTables tables, DeleteTask command)
    {
        if (tables.Find(command.TaskId, command.Name) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);

        tables.Delete(record);
        var callers = record.Runs?.Callers() ?? [];
        var answer = new DeleteAnswer(record.Id, callers.Length > 0) { Callers = callers };
        return new ApplyResult(ResultCode.Ok, answer.Encode());
    }
}
