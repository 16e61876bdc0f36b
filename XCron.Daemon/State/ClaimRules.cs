using System.Diagnostics;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// What a claim of the owner's makes of a record, or null where it is not granted. Pure. No claim is granted before its
/// time by the clock of the claimer, and no due time twice: whatever consumes one moves on to a later one
/// (<see cref="DueRules"/>).
/// </summary>
internal static class ClaimRules
{
    public static void RequireKnown(ClaimRun claim)
    {
        if (claim.Action is < ClaimAction.Start or > ClaimAction.StartBeside)
            throw new InvalidDataException($"This version does not know the claim action {(int)claim.Action}.");
        if (claim.Reason is < SkipReason.Unspecified or > SkipReason.End)
            throw new InvalidDataException($"This version does not know the reason {(int)claim.Reason} to skip.");
    }

    /// <summary>Whether an attempt is to be made once the claim is granted.</summary>
    public static bool OpensAttempt(ClaimAction action) =>
        action is ClaimAction.Start or ClaimAction.StartBeside or ClaimAction.StartQueued or ClaimAction.Retry
            or ClaimAction.Reclaim;

    public static bool MaySweep(TaskRecord record, long nowMs) =>
        record.IsFinished && record.Runs is null && record.ExpireAtMs != 0 && record.ExpireAtMs <= nowMs;

    public static TaskRecord? Grant(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs) =>
        claim.Action switch
        {
            ClaimAction.Start => DueRules.Start(record, claim, session, nowMs),
            ClaimAction.StartBeside => DueRules.StartBeside(record, claim, session, nowMs),
            ClaimAction.Retry => Retry(record, claim, session, nowMs),
            ClaimAction.Reclaim => Reclaim(record, claim, session, nowMs),
            ClaimAction.Queue => DueRules.Queue(record, claim, nowMs),
            ClaimAction.SkipDue => DueRules.SkipDue(record, claim, session, nowMs),
            ClaimAction.StartQueued => DueRules.StartQueued(record, claim, session, nowMs),
            ClaimAction.SkipQueued => DueRules.SkipQueued(record, claim, session, nowMs),
            _ => throw new UnreachableException($"{claim.Action} is no claim that changes a record."),
        };

    private static TaskRecord? Retry(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs) =>
        RunOf(record, claim) is { ClaimedBy.IsNone: true } run && run.RetryAtMs <= nowMs
        && (record.Runs!.CountClaimed() == 0 || DefinitionHead.OverlapOf(record.Definition) == Overlap.Allow)
            ? NextAttempt(record, run, session, nowMs)
            : null;

    private static TaskRecord? Reclaim(TaskRecord record, ClaimRun claim, OwnerSession session, long nowMs) =>
        RunOf(record, claim) is { ClaimedBy.IsNone: false } run && run.ClaimedBy != session
            ? NextAttempt(record, run, session, nowMs)
            : null;

    private static OpenRun? RunOf(TaskRecord record, ClaimRun claim) =>
        claim.RunSequence == 0 ? record.Run : record.Runs?.Find(claim.RunSequence);

    private static TaskRecord NextAttempt(TaskRecord record, OpenRun run, OwnerSession session, long nowMs) =>
        record with
        {
            Revision = record.Revision + 1,
            Runs = OpenRuns.With(
                record.Runs,
                run with { Attempt = run.Attempt + 1, ClaimedBy = session, ClaimedMs = nowMs, RetryAtMs = 0 }),
        };
}
