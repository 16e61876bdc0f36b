using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Records what came of attempts. The session need not own the shard any more: until another session has claimed the
/// attempt, its result is the truth. The result's code is how many were recorded.
/// </summary>
internal static class FinishHandler
{
    public static ApplyResult Apply(StateTables tables, FinishAttempts command)
    {
        var session = SessionMessage.Read(command.Session);
        var recorded = 0;
        foreach (var attempt in command.Attempts)
        {
            FinishRules.RequireKnown(attempt.Outcome);
            if (tables.Tasks.Find(new TaskId(attempt.TaskId)) is not { } record)
                continue;
            if (FinishRules.Record(record, attempt, session) is not { } after)
                continue;

            tables.Change(record, after);
            recorded++;
        }

        return new ApplyResult(recorded);
    }
}
