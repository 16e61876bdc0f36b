using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>
/// Whether the next due time after a run's own has come while an attempt of that run was on its way: begun beside it,
/// or passed over because of it. Then the run is not tried again. Pure.
/// </summary>
internal static class NextDue
{
    /// <param name="record">The task as it is now.</param>
    /// <param name="run">The run whose attempt has ended.</param>
    public static bool HasComeSince(TaskRecord record, OpenRun run)
    {
        if (RunEnding.HasNextCome(record, run))
            return true;

        // One that began later may be over: by the schedule, since a run by hand may be of any time.
        var terms = DefinitionPeek.Terms(record.Definition);
        if (run.IsByHand || terms.Type != TaskType.Periodic || record.History is not { } history
            || new ScheduleCache().Find(terms, run.ScheduledMs) is not { } schedule)
            return false;
        var due = new DueTimes(schedule, record.Id.Value, terms.StartAtMs, terms.EndAtMs, terms.JitterMs);
        var nextMs = due.NextRunAfter(run.ScheduledMs).DueMs;
        return nextMs != 0 && history.ToList().Exists(ended => ended.ScheduledMs >= nextMs);
    }
}
