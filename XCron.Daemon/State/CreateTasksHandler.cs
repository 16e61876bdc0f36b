using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>Creates tasks, each with its own answer; the result's code is the first that is not 0.</summary>
internal static class CreateTasksHandler
{
    private const int AnswersOnStack = 16;

    public static ApplyResult Apply(StateTables tables, CreateCommand command)
    {
        var answers = command.Count <= AnswersOnStack
            ? stackalloc CreateAnswer[AnswersOnStack]
            : new CreateAnswer[command.Count];
        var count = 0;
        var code = ResultCode.Ok;
        foreach (var entry in command)
        {
            var answer = Create(tables, entry, command.Proposer);
            answers[count++] = answer;
            if (code == ResultCode.Ok)
                code = answer.Code;
        }

        return new ApplyResult(code, CreateAnswers.Encode(answers[..count]));
    }

    private static CreateAnswer Create(StateTables tables, CreateEntry entry, ulong proposer)
    {
        // The same proposer never chooses an id twice, so this is its command once more; another's is a collision.
        if (tables.Tasks.Find(entry.Id) is { } sameId)
            return new(sameId.CreatedBy == proposer ? ResultCode.Ok : ResultCode.IdTaken, entry.Id, false);
        if (entry.Id.Value <= 0 || entry.FirstDelayMs is < 0 or > int.MaxValue)
            return new(ResultCode.Invalid, entry.Id, false);
        if (!DefinitionHead.TryRead(entry.Definition, out var type, out var name, out var isPaused))
            return new(ResultCode.Invalid, entry.Id, false);
        if (type == TaskType.Unspecified)
            return new(ResultCode.Invalid, entry.Id, false);

        // A newer version would create it: the same reason to stop as with an unknown command.
        if (type is not (TaskType.Periodic or TaskType.OneShot))
            throw new InvalidDataException($"Task {entry.Id} is of the type {(int)type}, unknown to this version.");

        if (name.Length > 0 && tables.Names.Find(name) is { } holder)
        {
            var isSame = tables.Tasks.Find(holder)!.Definition.AsSpan().SequenceEqual(entry.Definition);
            return new(isSame ? ResultCode.Ok : ResultCode.NameTaken, holder, isSame);
        }

        var record = new TaskRecord
        {
            Id = entry.Id,
            CreateTimeMs = entry.CreateTimeMs,
            CreatedBy = proposer,
            Definition = entry.Definition.ToArray(),
            Revision = 1,
            Phase = entry.FirstDueMs == 0 ? TaskPhase.Completed : isPaused ? TaskPhase.Paused : TaskPhase.Scheduled,
            NextDueMs = entry.FirstDueMs,
            NextDelayMs = (int)entry.FirstDelayMs,
        };
        tables.Create(record, name);
        return new(ResultCode.Ok, entry.Id, false);
    }
}
