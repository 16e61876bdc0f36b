using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>
/// Where a task stands in its schedule. A run that is under way may end or not where it is; wherever the line is
/// imported it is made again, under the same run id.
/// </summary>
/// <param name="DueMs">The first due time not yet served; 0 for none.</param>
/// <param name="RunSequence">The number of the last run before it.</param>
/// <param name="RunsByHand">How many of these were asked for one by one.</param>
internal readonly record struct TaskLinePlace(long DueMs, long RunSequence, long RunsByHand)
{
    public static TaskLinePlace Of(TaskRecord record)
    {
        OpenRun[] open = record.Runs is null ? [] : record.Runs.AsSpan().ToArray();
        var nextMs = record.QueuedDueMs != 0 ? record.QueuedDueMs : record.NextDueMs;

        // A run by hand stands beside the schedule: its number must not become that of a due time. Only where nothing
        // else is left to do it is the task's next run.
        OpenRun[] unserved = [.. open.Where(static run => !run.IsByHand)];
        if (unserved.Length == 0 && nextMs == 0)
            unserved = open;
        if (unserved.Length == 0)
            return new TaskLinePlace(nextMs, record.RunSequence, record.History?.RunsByHand ?? 0);

        var sequence = unserved.Min(static run => run.Sequence) - 1;
        var byHandAfter = open.Count(run => run.IsByHand && run.Sequence > sequence);
        var runsByHand = Math.Clamp((record.History?.RunsByHand ?? 0) - byHandAfter, 0, sequence);
        return new TaskLinePlace(unserved.Min(static run => run.ScheduledMs), sequence, runsByHand);
    }
}
