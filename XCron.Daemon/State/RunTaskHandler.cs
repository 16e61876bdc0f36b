using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// Opens a run by hand, granted at once to the owner of the task's shard. The schedule is not touched. A finished task
/// is finished anew when the run ends.
/// </summary>
internal static class RunTaskHandler
{
    public static ApplyResult Apply(StateTables tables, RunTask command)
    {
        if (tables.Find(command.TaskId, command.Name) is not { } record)
            return new ApplyResult(ResultCode.UnknownTask);
        if (command.ScheduledMs <= 0 || command.ScheduledMs > command.NowMs)
            return new ApplyResult(ResultCode.Invalid);

        var owner = tables.Owners.Current.Of(record.Id);
        if (owner.IsNone)
            return new ApplyResult(ResultCode.NoOwner);
        var mayOverlap = DefinitionHead.OverlapOf(record.Definition) == Overlap.Allow;
        if (record.Runs?.CountClaimed() > 0 && !mayOverlap)
            return new ApplyResult(ResultCode.RunGoingOn);
        if (record.Runs?.Count >= OpenRuns.Most)
            return new ApplyResult(ResultCode.TooManyRuns);

        var after = Open(record, command, owner);
        tables.Change(record, after);
        tables.Observers.AttemptGranted(owner, after);
        return new ApplyResult(ResultCode.Ok, new ChangeAnswer(record.Id, after.RunSequence).Encode());
    }

    /// <summary>A run that waits for its retry waits until this one is over too, unless runs may overlap.</summary>
    private static TaskRecord Open(TaskRecord record, RunTask command, OwnerSession owner)
    {
        var delayMs = command.NowMs - command.ScheduledMs;
        return DueRules.Open(record, command.ScheduledMs, delayMs, owner, command.NowMs, isByHand: true) with
        {
            Revision = record.Revision + 1,
            Phase = record.IsFinished ? TaskPhase.Scheduled : record.Phase,
            ExpireAtMs = 0,
            History = RunHistory.AddUncounted(record.History),
        };
    }
}
