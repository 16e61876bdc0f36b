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
        if (Find(tables, command) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);

        tables.Delete(record);
        var running = record.Run is { ClaimedBy.IsNone: false };
        return new ApplyResult(ResultCode.Ok, new DeleteAnswer(record.Id, running).Encode());
    }

    private static TaskRecord? Find(StateTables tables, DeleteTask command)
    {
        if (command.TaskId != 0)
            return tables.Tasks.Find(new TaskId(command.TaskId));
        return tables.Names.Find(command.Name) is { } id ? tables.Tasks.Find(id) : null;
    }
}
