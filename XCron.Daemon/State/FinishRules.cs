using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>What the result of an attempt makes of a record, or null where it is stale. Pure.</summary>
internal static class FinishRules
{
    public static void RequireKnown(AttemptOutcome outcome)
    {
        if (outcome is < AttemptOutcome.Succeeded or > AttemptOutcome.Skipped)
            throw new InvalidDataException($"This version does not know the outcome {(int)outcome} of an attempt.");
    }

    public static TaskRecord? Record(TaskRecord record, FinishAttempt attempt, OwnerSession session)
    {
        var run = record.Runs?.Find(attempt.RunSequence);
        if (session.IsNone || run is null || run.ClaimedBy != session || run.Attempt != attempt.Attempt)
            return null;
        if (attempt.Outcome == AttemptOutcome.Skipped)
            return Skip(record, run, attempt, session);

        var report = new FinishedRun
        {
            Sequence = run.Sequence,
            ScheduledMs = run.ScheduledMs,
            Attempt = run.Attempt,
            Status = attempt.Outcome == AttemptOutcome.Succeeded ? RunStatus.Ok : RunStatus.Failed,
            HttpStatus = attempt.HttpStatus,
            Error = RunEnding.Cut(attempt.Error),
            StartMs = attempt.StartMs,
            EndMs = attempt.EndMs,
            NodeId = session.Node.Value,
        };

        var isRetried = attempt is { Outcome: AttemptOutcome.Failed, Pause: false } && attempt.RetryAtMs != 0
            && !RunEnding.HasNextCome(record, run);
        return isRetried ? Wait(record, run, report, attempt.RetryAtMs) : End(record, report, attempt);
    }

    private static TaskRecord Wait(TaskRecord record, OpenRun run, FinishedRun report, long retryAtMs)
    {
        var waiting = run with
        {
            Failures = run.Failures + 1,
            ClaimedBy = OwnerSession.None,
            RetryAtMs = retryAtMs,
            LastAttempt = report,
        };
        return record with { Revision = record.Revision + 1, Runs = OpenRuns.With(record.Runs, waiting) };
    }

    private static TaskRecord End(TaskRecord record, FinishedRun report, FinishAttempt attempt)
    {
        var hasFailed = report.Status == RunStatus.Failed;
        var isPaused = hasFailed && attempt.Pause && record.Phase == TaskPhase.Scheduled
            && (record.NextDueMs != 0 || record.QueuedDueMs != 0)
            && DefinitionHead.TypeOf(record.Definition) == TaskType.Periodic;
        var after = RunEnding.Finish(record, report) with { Revision = record.Revision + 1, ExpireAtMs = 0 };
        if (!isPaused)
            return RunEnding.Settle(after, hasFailed ? TaskPhase.Failed : TaskPhase.Completed, attempt.ExpireAtMs);

        return after with
        {
            Phase = TaskPhase.Paused,
            NextDueMs = attempt.KeepDue ? record.NextDueMs : 0,
            NextDelayMs = attempt.KeepDue ? record.NextDelayMs : 0,
            QueuedDueMs = attempt.KeepDue ? record.QueuedDueMs : 0,
        };
    }

    /// <summary>
    /// A run that was opened and never begun is none that counts: where it was the last of max_runs, a later due time
    /// takes its place.
    /// </summary>
    private static TaskRecord Skip(TaskRecord record, OpenRun run, FinishAttempt attempt, OwnerSession session)
    {
        var report = new FinishedRun
        {
            Sequence = run.Sequence,
            ScheduledMs = run.ScheduledMs,
            Attempt = run.Attempt,
            Status = RunStatus.Skipped,
            Error = RunEnding.WhySkipped(SkipReason.Deadline, 1),
            EndMs = attempt.EndMs,
            NodeId = session.Node.Value,
        };
        var history = RunHistory.Add(record.History, report);
        var after = record with
        {
            Revision = record.Revision + 1,
            Runs = OpenRuns.Without(record.Runs, run.Sequence),
            History = run.IsByHand ? history : RunHistory.AddUncounted(history),
            MissedCount = record.MissedCount + 1,
        };
        if (!run.IsByHand)
        {
            // Where runs may overlap, later ones may have begun beside it.
            after = RunEnding.MakeUp(after, RunEnding.LastDueMs(record), attempt.NextDueMs, attempt.NextDelayMs);
        }

        return RunEnding.Settle(
            after, RunEnding.PhaseAfterSkip(record, SkipReason.Deadline), attempt.ExpireAtMs);
    }
}
