using XCron.Daemon.Commands;
using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>
/// Decides what a task's owner has to claim for it now. Pure: the same record and moment, the same claim.
/// </summary>
internal sealed class ClaimPlanner(OwnerSession self, FiringOptions options)
{
    /// <summary>How many due times misfire = fire_all makes up for at most.</summary>
    private const int MadeUpFor = 1000;

    /// <param name="record">The task.</param>
    /// <param name="terms">Its definition's.</param>
    /// <param name="schedule">Its schedule; needed for a periodic task whose next time is due.</param>
    /// <param name="nowMs">The wall clock.</param>
    /// <returns>The claim, or null: nothing is to be done before the record changes or time goes on.</returns>
    public ClaimRun? Plan(TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        var isDue = record.NextDueMs != 0 && record.NextDueMs <= nowMs && record.Phase != TaskPhase.Paused;
        if (record.Run is not { } run)
        {
            if (record.QueuedDueMs != 0)
                return record.Phase == TaskPhase.Paused ? null : Claim(record, ClaimAction.StartQueued);
            if (record.NextDueMs != 0)
                return isDue ? Consume(record, ClaimAction.Start, terms, schedule, nowMs) : null;
            return record.ExpireAtMs != 0 && record.ExpireAtMs <= nowMs ? Claim(record, ClaimAction.Sweep) : null;
        }

        if (run.ClaimedBy.IsNone)
        {
            // The retries of a run end when the next one is due.
            if (isDue && record.QueuedDueMs == 0)
                return Consume(record, ClaimAction.Start, terms, schedule, nowMs);
            return run.RetryAtMs != 0 && run.RetryAtMs <= nowMs ? Claim(record, ClaimAction.Retry) : null;
        }

        if (run.ClaimedBy != self)
            return Claim(record, ClaimAction.Reclaim);

        // An attempt of ours is on its way. What is made up for one by one need not queue: it waits where it is.
        return isDue && record.QueuedDueMs == 0 && terms.Misfire != Misfire.FireAll
            ? Consume(record, ClaimAction.Queue, terms, schedule, nowMs)
            : null;
    }

    private ClaimRun Consume(
        TaskRecord record, ClaimAction action, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        var claim = Claim(record, action);
        claim.ScheduledMs = record.NextDueMs;
        if (terms.Type == TaskType.OneShot)
            return claim;
        if (schedule is null)
            throw new InvalidDataException($"No schedule can be made of '{terms.Format}' in '{terms.Timezone}'.");

        switch (terms.Misfire)
        {
            case Misfire.FireOnce:
                claim.ScheduledMs = Math.Max(record.NextDueMs, schedule.LatestAtOrBefore(nowMs, record.NextDueMs));
                claim.Missed = MissedTimes.Count(schedule, record.NextDueMs, claim.ScheduledMs);
                claim.NextDueMs = Next(schedule, claim.ScheduledMs);
                break;
            case Misfire.Skip when nowMs - record.NextDueMs > options.MisfireThreshold.TotalMilliseconds:
                claim.Action = ClaimAction.SkipDue;
                claim.Missed = 1 + MissedTimes.Count(schedule, record.NextDueMs, nowMs);
                claim.NextDueMs = Next(schedule, nowMs);
                break;
            case Misfire.Skip:
                claim.NextDueMs = Next(schedule, record.NextDueMs);
                break;
            case Misfire.FireAll:
                claim.ScheduledMs = MissedTimes.OldestKept(schedule, record.NextDueMs, nowMs, MadeUpFor);
                claim.Missed = MissedTimes.Count(schedule, record.NextDueMs, claim.ScheduledMs);
                claim.NextDueMs = Next(schedule, claim.ScheduledMs);
                break;
            default:
                throw new InvalidDataException($"misfire is {(int)terms.Misfire}, which this version does not know.");
        }

        if (claim.NextDueMs == 0 && claim.Action == ClaimAction.SkipDue)
            claim.ExpireAtMs = nowMs + (long)options.CompletedRetention.TotalMilliseconds;
        return claim;
    }

    /// <summary>A schedule that did not move on would run a task thousands of times at once.</summary>
    private static long Next(ISchedule schedule, long afterMs)
    {
        var nextMs = schedule.NextAfter(afterMs);
        return nextMs == 0 || nextMs > afterMs
            ? nextMs
            : throw new InvalidDataException($"The schedule gave {nextMs} as its next time after {afterMs}.");
    }

    private static ClaimRun Claim(TaskRecord record, ClaimAction action) =>
        new() { TaskId = record.Id.Value, Revision = record.Revision, Action = action };
}
