using System.Diagnostics;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// What a claim of the owner's makes of a record, or null where it is not granted. Pure. No claim is granted before its
/// time by the clock of the claimer, and no due time twice: whatever consumes one moves on to a later one.
/// </summary>
internal static class ClaimRules
{
    public static void RequireKnown(ClaimAction action)
    {
        if (action is < ClaimAction.Start or > ClaimAction.StartQueued)
            throw new InvalidDataException($"This version does not know the claim action {(int)action}.");
    }

    /// <summary>Whether an attempt is to be made once the claim is granted.</summary>
    public static bool OpensAttempt(ClaimAction action) =>
        action is ClaimAction.Start or ClaimAction.StartQueued or ClaimAction.Retry or ClaimAction.Reclaim;

    public static bool MaySweep(TaskRecord record, long nowMs) =>
        record.Phase is TaskPhase.Completed or TaskPhase.Failed
        && record.Run is null && record.ExpireAtMs != 0 && record.ExpireAtMs <= nowMs;

    public static TaskRecord? Grant(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs) =>
        claim.Action switch
        {
            ClaimAction.Start => Start(record, claim, session, nowMs),
            ClaimAction.Retry => Retry(record, session, nowMs),
            ClaimAction.Reclaim => Reclaim(record, session, nowMs),
            ClaimAction.Queue => Queue(record, claim, nowMs),
            ClaimAction.SkipDue => SkipDue(record, claim, session, nowMs),
            ClaimAction.StartQueued => StartQueued(record, session, nowMs),
            _ => throw new UnreachableException($"{claim.Action} is no claim that changes a record."),
        };

    private static TaskRecord? Start(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        // The waiting due time is the older one: START_QUEUED comes first.
        if (!ConsumesDue(record, claim, nowMs) || record.QueuedDueMs != 0)
            return null;
        if (record.Run is null)
            return Open(record, claim, session, nowMs);

        // The retries of a periodic run end when its next one is due; an attempt on its way is waited for (QUEUE).
        var mayGiveUp = record.Run.ClaimedBy.IsNone && DefinitionHead.TypeOf(record.Definition) == TaskType.Periodic;
        return mayGiveUp ? Open(GiveUp(record, record.Run, session, nowMs), claim, session, nowMs) : null;
    }

    private static TaskRecord Open(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs) =>
        record with
        {
            Revision = record.Revision + 1,
            NextDueMs = claim.NextDueMs,
            MissedCount = record.MissedCount + claim.Missed,
            RunSequence = record.RunSequence + 1,
            Run = FirstAttempt(record.RunSequence + 1, claim.ScheduledMs, session, nowMs),
        };

    private static TaskRecord GiveUp(TaskRecord record, OpenRun run, OwnerSession session, long nowMs) =>
        record with
        {
            RunCount = record.RunCount + 1,
            FailCount = record.FailCount + 1,
            LastRun = run.LastAttempt ?? new FinishedRun
            {
                Sequence = run.Sequence,
                ScheduledMs = run.ScheduledMs,
                Attempt = run.Attempt,
                Status = RunStatus.Failed,
                EndMs = nowMs,
                NodeId = session.Node.Value,
            },
        };

    private static TaskRecord? StartQueued(TaskRecord record, OwnerSession session, long nowMs)
    {
        if (record.Run is not null || record.QueuedDueMs == 0)
            return null;

        return record with
        {
            Revision = record.Revision + 1,
            QueuedDueMs = 0,
            RunSequence = record.RunSequence + 1,
            Run = FirstAttempt(record.RunSequence + 1, record.QueuedDueMs, session, nowMs),
        };
    }

    private static TaskRecord? Retry(TaskRecord record, OwnerSession session, long nowMs) =>
        record.Run is { ClaimedBy.IsNone: true } run && run.RetryAtMs <= nowMs
            ? NextAttempt(record, run, session, nowMs)
            : null;

    private static TaskRecord? Reclaim(TaskRecord record, OwnerSession session, long nowMs) =>
        record.Run is { ClaimedBy.IsNone: false } run && run.ClaimedBy != session
            ? NextAttempt(record, run, session, nowMs)
            : null;

    private static TaskRecord? Queue(TaskRecord record, ClaimRun claim, long nowMs)
    {
        // Behind a run that waits for its retry nothing queues: START ends that run.
        if (!ConsumesDue(record, claim, nowMs) || record.QueuedDueMs != 0)
            return null;
        if (record.Run is null or { ClaimedBy.IsNone: true })
            return null;

        return record with
        {
            Revision = record.Revision + 1,
            NextDueMs = claim.NextDueMs,
            QueuedDueMs = claim.ScheduledMs,
            MissedCount = record.MissedCount + claim.Missed,
        };
    }

    private static TaskRecord? SkipDue(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs)
    {
        if (!ConsumesDue(record, claim, nowMs))
            return null;

        var isOver = claim.NextDueMs == 0 && record.QueuedDueMs == 0 && record.Run is null;
        return record with
        {
            Revision = record.Revision + 1,
            NextDueMs = claim.NextDueMs,
            MissedCount = record.MissedCount + claim.Missed,
            Phase = isOver ? TaskPhase.Completed : record.Phase,
            ExpireAtMs = isOver ? claim.ExpireAtMs : 0,
            LastRun = new FinishedRun
            {
                // No run was opened, so it has no number.
                Sequence = 0,
                ScheduledMs = claim.ScheduledMs,
                Attempt = 0,
                Status = RunStatus.Skipped,
                EndMs = nowMs,
                NodeId = session.Node.Value,
            },
        };
    }

    /// <summary>The due time claimed may be later than the next one where the misfire rule passes over some.</summary>
    private static bool ConsumesDue(TaskRecord record, ClaimRun claim, long nowMs) =>
        record.NextDueMs != 0 && record.NextDueMs <= claim.ScheduledMs && claim.ScheduledMs <= nowMs
        && (claim.NextDueMs == 0 || claim.NextDueMs > claim.ScheduledMs) && claim.Missed >= 0;

    private static OpenRun FirstAttempt(long sequence, long scheduledMs, OwnerSession session, long nowMs) => new()
    {
        Sequence = sequence,
        ScheduledMs = scheduledMs,
        Attempt = 1,
        ClaimedBy = session,
        ClaimedMs = nowMs,
    };

    private static TaskRecord NextAttempt(TaskRecord record, OpenRun run, OwnerSession session, long nowMs) =>
        record with
        {
            Revision = record.Revision + 1,
            Run = run with { Attempt = run.Attempt + 1, ClaimedBy = session, ClaimedMs = nowMs, RetryAtMs = 0 },
        };
}
