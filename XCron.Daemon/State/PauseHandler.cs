using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Pauses and resumes. A pause consumes nothing: the next due time stays, and whoever owns the task meets it after the
/// resume as one that nobody could serve.
/// </summary>
internal static class PauseHandler
{
    public static ApplyResult Apply(StateTables tables, PauseTask command)
    {
        if (tables.Find(command.TaskId, command.Name) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);
        if (record.Phase == TaskPhase.Paused)
            return new ApplyResult(ResultCode.AlreadyPaused);
        if (record is { NextDueMs: 0, QueuedDueMs: 0 })
            return new ApplyResult(ResultCode.NothingToPause);

        tables.Change(record, record with { Revision = record.Revision + 1, Phase = TaskPhase.Paused });
        return new ApplyResult(ResultCode.Ok, new ChangeAnswer(record.Id, 0).Encode());
    }

    public static ApplyResult Apply(StateTables tables, ResumeTask command)
    {
        if (tables.Tasks.Find(new TaskId(command.TaskId)) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);
        if (record.Phase != TaskPhase.Paused)
            return new ApplyResult(ResultCode.NotPaused);
        if (record.Revision != command.Revision)
            return new ApplyResult(ResultCode.Changed);
        if (!DueChange.IsValid(command.NextDueMs, command.NextDelayMs, record.NextDueMs) || command.Missed < 0)
            return new ApplyResult(ResultCode.Invalid);

        tables.Change(record, Resume(record, command));
        return new ApplyResult(ResultCode.Ok, new ChangeAnswer(record.Id, 0).Encode());
    }

    private static TaskRecord Resume(TaskRecord record, ResumeTask command)
    {
        var after = record with { Revision = record.Revision + 1, Phase = TaskPhase.Scheduled };
        if (!command.ReplacesDue)
            return after;

        if (command.Missed > 0)
        {
            var skipped = RunEnding.Skipped(record.NextDueMs, SkipReason.Misfire, command.Missed, command.NowMs, 0);
            after = after with { History = RunHistory.Add(record.History, skipped) };
        }

        after = after with
        {
            NextDueMs = command.NextDueMs,
            NextDelayMs = (int)command.NextDelayMs,
            MissedCount = record.MissedCount + command.Missed,
        };
        return RunEnding.Settle(
            after, RunEnding.PhaseAfterSkip(record, SkipReason.Misfire), command.ExpireAtMs);
    }
}
