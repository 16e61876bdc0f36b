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
    private readonly DuePlanner _due = new(options);

    /// <param name="record">The task.</param>
    /// <param name="terms">Its definition's.</param>
    /// <param name="schedule">Its schedule; needed for a periodic task whose next time is due.</param>
    /// <param name="nowMs">The wall clock.</param>
    /// <param name="owners">The table by which another session is alive or not; none is without it.</param>
    /// <returns>The claim, or null: nothing is to be done before the record changes or time goes on.</returns>
    public ClaimRun? Plan(
        TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs, Ownership? owners = null)
    {
        if (record.Runs is not { } runs)
            return PlanIdle(record, terms, schedule, nowMs);

        foreach (var run in runs.AsSpan())
        {
            // What another has on its way is another's while that is alive, and goes on as if it were ours.
            if (!run.ClaimedBy.IsNone && run.ClaimedBy != self
                && owners?.IsAlive(run.ClaimedBy) != true)
                return Claim(record, ClaimAction.Reclaim, run.Sequence);
        }

        if (IsDue(record, nowMs) && PlanDue(record, runs, terms, schedule, nowMs) is { } claim)
            return claim;
        if (runs.CountClaimed() > 0 && terms.Overlap != Overlap.Allow)
            return null;
        foreach (var run in runs.AsSpan())
        {
            if (run.ClaimedBy.IsNone && run.RetryAtMs != 0 && run.RetryAtMs <= nowMs)
                return Claim(record, ClaimAction.Retry, run.Sequence);
        }

        return null;
    }

    private ClaimRun? PlanIdle(TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        if (record.Phase == TaskPhase.Paused)
            return null;
        if (record.QueuedDueMs != 0)
            return _due.ServeQueued(Claim(record), record, terms, schedule, nowMs);
        if (record.NextDueMs != 0)
        {
            return IsDue(record, nowMs)
                ? _due.Consume(Claim(record, ClaimAction.Start), record, terms, schedule, nowMs)
                : null;
        }

        return record.ExpireAtMs != 0 && record.ExpireAtMs <= nowMs ? Claim(record, ClaimAction.Sweep) : null;
    }

    /// <summary>What becomes of the next due time while runs are open.</summary>
    private ClaimRun? PlanDue(
        TaskRecord record, OpenRuns runs, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        // What was due before the run began came when nobody could serve it, and is not passed over: what is made up
        // for one by one waits its turn, and of what is made up for by one run the latest comes after the queued one.
        var claimed = runs.CountClaimed();
        var isOlder = record.NextRunMs <= FirstClaimedMs(runs);
        if (record.QueuedDueMs != 0)
        {
            return isOlder || terms.Overlap == Overlap.Allow
                ? null
                : _due.SkipOverlapped(Claim(record, ClaimAction.SkipDue), record, terms, schedule, nowMs);
        }

        if (claimed == 0)
        {
            // The retries of a run end when the next one is due.
            return _due.Consume(Claim(record, ClaimAction.Start), record, terms, schedule, nowMs);
        }

        switch (terms.Overlap)
        {
            case Overlap.Allow:
                return claimed < OpenRuns.Most
                    ? _due.Consume(Claim(record, ClaimAction.StartBeside), record, terms, schedule, nowMs)
                    : null;
            case Overlap.Skip or Overlap.Queue when isOlder && terms.Misfire == Misfire.FireAll:
                return null;
            case Overlap.Skip:
                return _due.SkipOverlapped(Claim(record, ClaimAction.SkipDue), record, terms, schedule, nowMs);
            case Overlap.Queue:
                return _due.Consume(Claim(record, ClaimAction.Queue), record, terms, schedule, nowMs);
            default:
                throw new InvalidDataException($"overlap is {(int)terms.Overlap}, which this version does not know.");
        }
    }

    private static bool IsDue(TaskRecord record, long nowMs) =>
        record.NextDueMs != 0 && record.NextRunMs <= nowMs && record.Phase == TaskPhase.Scheduled;

    private static long FirstClaimedMs(OpenRuns runs)
    {
        var firstMs = long.MaxValue;
        foreach (var run in runs.AsSpan())
            firstMs = run.ClaimedBy.IsNone ? firstMs : Math.Min(firstMs, run.ClaimedMs);
        return firstMs;
    }

    private static ClaimRun Claim(
        TaskRecord record, ClaimAction action = ClaimAction.Unspecified, long runSequence = 0) => new()
        {
            TaskId = record.Id.Value,
            Revision = record.Revision,
            Action = action,
            RunSequence = runSequence,
        };
}
