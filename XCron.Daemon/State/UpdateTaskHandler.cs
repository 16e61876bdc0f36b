using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Gives a task another definition and, where its schedule changed, another due time. A new name is taken and the old
/// one free from here on. Open runs go on.
/// </summary>
internal static class UpdateTaskHandler
{
    public static ApplyResult Apply(StateTables tables, UpdateTask command)
    {
        if (tables.Tasks.Find(new TaskId(command.TaskId)) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);
        if (record.Revision != command.Revision)
            return new ApplyResult(ResultCode.Changed);

        var definition = command.Definition.ToByteArray();
        if (!DefinitionHead.TryRead(definition, out var type, out var name)
            || type != DefinitionHead.TypeOf(record.Definition)
            || !DueChange.IsValid(command.NextDueMs, command.NextDelayMs, 0)
            || (command.ReplacesDue && command.NextDueMs == 0))
            return new ApplyResult(ResultCode.Invalid);
        if (name.Length > 0 && tables.Names.Find(name) is { } holder && holder != record.Id)
            return new ApplyResult(ResultCode.NameTaken, new ChangeAnswer(holder, 0).Encode());

        tables.Rename(record, Update(record, command, definition), name);
        return new ApplyResult(ResultCode.Ok, new ChangeAnswer(record.Id, 0).Encode());
    }

    private static TaskRecord Update(TaskRecord record, UpdateTask command, byte[] definition)
    {
        var after = record with { Revision = record.Revision + 1, Definition = definition };
        return command.ReplacesDue
            ? after with
            {
                NextDueMs = command.NextDueMs,
                NextDelayMs = (int)command.NextDelayMs,
                Phase = record.IsFinished ? TaskPhase.Scheduled : record.Phase,
                ExpireAtMs = 0,
            }
            : after;
    }
}
