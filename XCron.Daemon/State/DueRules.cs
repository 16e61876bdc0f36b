using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// What becomes of due times: each is consumed once, by a run, a place in the queue or a skip, and the next one is
/// always a later one. Pure; null where the claim is not granted.
/// </summary>
internal static class DueRules
{
    public static TaskRecord? Start(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        // The waiting due time is the older one: START_QUEUED comes first. An attempt on its way is waited for (QUEUE).
        if (!ConsumesDue(record, claim, nowMs) || record.QueuedDueMs != 0 || record.Runs?.CountClaimed() > 0)
            return null;
        return Consume(record, claim, session, nowMs);
    }

    /// <summary>Open runs whose attempts are on their way go on beside the new one.</summary>
    public static TaskRecord? StartBeside(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (!ConsumesDue(record, claim, nowMs) || record.QueuedDueMs != 0)
            return null;
        if (record.Runs?.CountClaimed() is not (>= 1 and < OpenRuns.Most))
            return null;
        return DefinitionHead.OverlapOf(record.Definition) == Overlap.Allow
            ? Consume(record, claim, session, nowMs)
            : null;
    }

    public static TaskRecord? StartQueued(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (!MayServeQueued(record))
            return null;

        var opened = Open(record, record.QueuedDueMs, Math.Max(0, claim.DelayMs), session, nowMs);
        return opened with { Revision = record.Revision + 1, QueuedDueMs = 0 };
    }

    public static TaskRecord? Queue(TaskRecord record, ClaimRun claim, long nowMs)
    {
        // Behind a run that waits for its retry nothing queues: START ends that run.
        if (!ConsumesDue(record, claim, nowMs) || record.QueuedDueMs != 0)
            return null;
        if (record.Runs is null || record.Runs.CountClaimed() == 0)
            return null;

        // None of the runs that wait is tried again: the next one is due.
        return Advance(RunEnding.GiveUpWaiting(record, nowMs, 0), claim) with
        {
            Revision = record.Revision + 1,
            QueuedDueMs = claim.ScheduledMs,
        };
    }

    public static TaskRecord? SkipDue(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (!ConsumesDue(record, claim, nowMs))
            return null;

        var skipped = RunEnding.Skipped(
            claim.ScheduledMs, claim.Reason, claim.Missed, nowMs, session.Node.Value);
        var after = Advance(record, claim) with
        {
            Revision = record.Revision + 1,
            History = RunHistory.Add(record.History, skipped),
        };
        return RunEnding.Settle(after, RunEnding.PhaseAfterSkip(record, claim.Reason), claim.ExpireAtMs);
    }

    /// <summary>
    /// The due time that waited is given up, as it could not start in time; one after it takes its place where it was
    /// the last of max_runs.
    /// </summary>
    public static TaskRecord? SkipQueued(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (!MayServeQueued(record) || claim.NextDelayMs is < 0 or > int.MaxValue)
            return null;

        var skipped = RunEnding.Skipped(record.QueuedDueMs, claim.Reason, 1, nowMs, session.Node.Value);
        var after = record with
        {
            Revision = record.Revision + 1,
            QueuedDueMs = 0,
            MissedCount = record.MissedCount + 1,
            History = RunHistory.Add(record.History, skipped),
        };
        after = RunEnding.MakeUp(after, record.QueuedDueMs, claim.NextDueMs, claim.NextDelayMs);
        return RunEnding.Settle(after, RunEnding.PhaseAfterSkip(record, claim.Reason), claim.ExpireAtMs);
    }

    /// <summary>A run is opened; its first attempt is the session's.</summary>
    public static TaskRecord Open(
        TaskRecord record, long scheduledMs, long delayMs, OwnerSession session, long nowMs, bool isByHand = false)
    {
        var run = new OpenRun
        {
            Sequence = record.RunSequence + 1,
            ScheduledMs = scheduledMs,
            DelayMs = delayMs,
            IsByHand = isByHand,
            Attempt = 1,
            ClaimedBy = session,
            ClaimedMs = nowMs,
        };
        return record with { RunSequence = run.Sequence, Runs = OpenRuns.With(record.Runs, run) };
    }

    private static bool MayServeQueued(TaskRecord record) =>
        record is { Runs: null, QueuedDueMs: not 0, Phase: TaskPhase.Scheduled };

    /// <summary>The retries of a run end when the next one is due.</summary>
    private static TaskRecord Consume(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        var alone = RunEnding.GiveUpWaiting(record, nowMs, session.Node.Value);
        var opened = Open(alone, claim.ScheduledMs, DelayOf(record, claim), session, nowMs);
        return Advance(opened, claim) with { Revision = record.Revision + 1 };
    }

    private static TaskRecord Advance(TaskRecord record, ClaimRun claim) => record with
    {
        NextDueMs = claim.NextDueMs,
        NextDelayMs = (int)claim.NextDelayMs,
        MissedCount = record.MissedCount + claim.Missed,
    };

    /// <summary>The due time claimed may be later than the next one where the misfire rule passes over some.</summary>
    private static bool ConsumesDue(TaskRecord record, ClaimRun claim, long nowMs) =>
        record.NextDueMs != 0 && record.Phase == TaskPhase.Scheduled
        && record.NextDueMs <= claim.ScheduledMs && record.NextRunMs <= nowMs
        && claim.ScheduledMs <= nowMs && DelayOf(record, claim) <= nowMs - claim.ScheduledMs
        && (claim.NextDueMs == 0 || claim.NextDueMs > claim.ScheduledMs) && claim.Missed >= 0
        && claim.NextDelayMs is >= 0 and <= int.MaxValue;

    /// <summary>The record knows by how much the next due time is moved; of a later one the claim says it.</summary>
    private static long DelayOf(TaskRecord record, ClaimRun claim) =>
        claim.ScheduledMs == record.NextDueMs ? record.NextDelayMs : Math.Max(0, claim.DelayMs);
}
