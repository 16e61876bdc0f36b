using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>
/// Fills in a claim that consumes a due time: which one after an outage or a pause (the misfire rule), what comes after
/// it, and whether it is too late for it. However many due times have passed, a claim costs about the same.
/// </summary>
internal sealed class DuePlanner(FiringOptions options)
{
    /// <summary>How many due times misfire = fire_all makes up for at most.</summary>
    private const int MadeUpFor = 1000;

    private readonly long _thresholdMs = (long)options.MisfireThreshold.TotalMilliseconds;

    public ClaimRun Consume(
        ClaimRun claim, TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        claim.ScheduledMs = record.NextDueMs;
        if (terms.Type == TaskType.OneShot)
        {
            return IsPastDeadline(record.NextRunMs, terms, nowMs)
                ? Skip(claim, SkipReason.Deadline, missed: 1, nowMs)
                : claim;
        }

        var due = DueTimesOf(record, terms, schedule);
        var latestMs = due.LatestBegun(record.NextDueMs, nowMs);
        if (IsPastEnd(terms, nowMs))
            return SkipUpTo(claim, record, due, latestMs, SkipReason.End, nowMs);

        switch (terms.Misfire)
        {
            case Misfire.Skip when nowMs - record.NextRunMs > _thresholdMs:
                return SkipUpTo(claim, record, due, latestMs, SkipReason.Misfire, nowMs);
            case Misfire.FireOnce or Misfire.Skip:
                claim.ScheduledMs = latestMs;
                break;
            case Misfire.FireAll:
                claim.ScheduledMs = due.OldestKept(record.NextDueMs, latestMs, MadeUpFor);
                break;
            default:
                throw new InvalidDataException($"misfire is {(int)terms.Misfire}, which this version does not know.");
        }

        claim.DelayMs = DelayOf(claim.ScheduledMs, record, due);
        if (IsPastDeadline(claim.ScheduledMs + claim.DelayMs, terms, nowMs))
        {
            // Others that came due since may still be in time; those of fire_all are made up for after this.
            var lostMs = terms.Misfire == Misfire.FireAll
                ? due.LatestBegun(claim.ScheduledMs, nowMs - terms.DeadlineMs - 1)
                : claim.ScheduledMs;
            return SkipUpTo(claim, record, due, lostMs, SkipReason.Deadline, nowMs);
        }

        claim.Missed = due.Count(record.NextDueMs, claim.ScheduledMs);
        MoveOn(claim, record, due, terms);
        return claim;
    }

    /// <summary>All that came due while a run goes on is passed over: by overlap = skip, or as one waits.</summary>
    public ClaimRun SkipOverlapped(
        ClaimRun claim, TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        if (terms.Type == TaskType.OneShot)
            return claim;
        var due = DueTimesOf(record, terms, schedule);
        return SkipUpTo(claim, record, due, due.LatestBegun(record.NextDueMs, nowMs), SkipReason.Overlap, nowMs);
    }

    /// <summary>The due time that waited for the last run has its turn, unless that comes too late.</summary>
    public ClaimRun ServeQueued(
        ClaimRun claim, TaskRecord record, in ScheduleTerms terms, ISchedule? schedule, long nowMs)
    {
        claim.Action = ClaimAction.StartQueued;
        if (terms.JitterMs != 0 && terms.Type == TaskType.Periodic)
            claim.DelayMs = DueTimesOf(record, terms, schedule).DelayMs(record.QueuedDueMs);
        var runMs = record.QueuedDueMs + claim.DelayMs;
        var isPastDeadline = IsPastDeadline(runMs, terms, nowMs);
        var isMissed = IsMissed(runMs, record, terms, nowMs);
        var isPastEnd = IsPastEnd(terms, nowMs);
        if (!isPastDeadline && !isPastEnd && !isMissed)
            return claim;

        claim.Action = ClaimAction.SkipQueued;
        claim.Reason = isPastDeadline ? SkipReason.Deadline : isPastEnd ? SkipReason.End : SkipReason.Misfire;
        claim.DelayMs = 0;
        if (record.NextDueMs == 0 && terms.Type == TaskType.Periodic)
        {
            // It may have been the last of max_runs, which counts runs: another due time takes its place.
            var due = DueTimesOf(record, terms, schedule);
            (claim.NextDueMs, claim.NextDelayMs) = due.NextRunAfter(record.QueuedDueMs);
        }

        claim.ExpireAtMs = ExpireAtMs(nowMs);
        return claim;
    }

    /// <summary>
    /// A run was given up before it began; where it was one of max_runs, which counts runs, and no due time is left
    /// when that is recorded, this one takes its place. 0 where none is needed, or left.
    /// </summary>
    public static (long DueMs, long DelayMs) Replacement(
        TaskRecord record, OpenRun run, in ScheduleTerms terms, ISchedule? schedule)
    {
        // The next due time may be claimed, as the last one, before this is recorded.
        return run.IsByHand || schedule is null
            ? (0, 0)
            : DueTimesOf(record, terms, schedule).NextRunAfter(
                Math.Max(RunEnding.LastDueMs(record), record.NextDueMs));
    }

    private static DueTimes DueTimesOf(TaskRecord record, in ScheduleTerms terms, ISchedule? schedule)
    {
        if (schedule is null)
            throw new InvalidDataException($"No schedule can be made of '{terms.Format}' in '{terms.Timezone}'.");
        return new DueTimes(schedule, record.Id.Value, terms.StartAtMs, terms.EndAtMs, terms.JitterMs);
    }

    /// <summary>The record knows by how much its next run is moved, whatever the definition says now.</summary>
    private static long DelayOf(long dueMs, TaskRecord record, DueTimes due) =>
        dueMs == record.NextDueMs ? record.NextDelayMs : due.DelayMs(dueMs);

    private static void MoveOn(ClaimRun claim, TaskRecord record, DueTimes due, in ScheduleTerms terms)
    {
        // This run with them.
        if (terms.MaxRuns == 0 || record.CountedRuns + 1 < terms.MaxRuns)
            (claim.NextDueMs, claim.NextDelayMs) = due.NextRunAfter(claim.ScheduledMs);
    }

    private static bool IsPastDeadline(long runMs, in ScheduleTerms terms, long nowMs) =>
        terms.DeadlineMs != 0 && nowMs - runMs > terms.DeadlineMs;

    /// <summary>
    /// Whether what waited for the last run was left when that had ended: nobody could serve it, or the task was
    /// paused. How long the run itself took does not matter: that is what the queue is for.
    /// </summary>
    private bool IsMissed(long runMs, TaskRecord record, in ScheduleTerms terms, long nowMs)
    {
        var isLeft = nowMs - Math.Max(runMs, record.LastRun?.EndMs ?? 0) > _thresholdMs;
        var isLaterOneDue = record.NextDueMs != 0 && record.NextRunMs <= nowMs;
        return isLeft && terms.Type == TaskType.Periodic
            && (terms.Misfire == Misfire.Skip || (terms.Misfire == Misfire.FireOnce && isLaterOneDue));
    }

    /// <summary>What was due before the end is still served for as long as a run may be late.</summary>
    private bool IsPastEnd(in ScheduleTerms terms, long nowMs) =>
        terms.EndAtMs != 0 && nowMs - terms.EndAtMs > _thresholdMs;

    private ClaimRun SkipUpTo(
        ClaimRun claim, TaskRecord record, DueTimes due, long lastMs, SkipReason reason, long nowMs)
    {
        claim.ScheduledMs = record.NextDueMs;
        (claim.NextDueMs, claim.NextDelayMs) = due.NextRunAfter(lastMs);
        return Skip(claim, reason, 1 + due.Count(record.NextDueMs, lastMs), nowMs);
    }

    private ClaimRun Skip(ClaimRun claim, SkipReason reason, long missed, long nowMs)
    {
        claim.Action = ClaimAction.SkipDue;
        claim.Reason = reason;
        claim.DelayMs = 0;
        claim.Missed = missed;
        if (claim.NextDueMs == 0)
            claim.ExpireAtMs = ExpireAtMs(nowMs);
        return claim;
    }

    private long ExpireAtMs(long nowMs) => nowMs + (long)options.CompletedRetention.TotalMilliseconds;
}
