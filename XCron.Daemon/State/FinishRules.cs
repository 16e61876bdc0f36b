using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>What the result of an attempt makes of a record, or null where it is stale. Pure.</summary>
internal static class FinishRules
{
    public static void RequireKnown(AttemptOutcome outcome)
    {
        if (outcome is not (AttemptOutcome.Succeeded or AttemptOutcome.Failed))
            throw new InvalidDataException($"This version does not know the outcome {(int)outcome} of an attempt.");
    }

    public static TaskRecord? Record(TaskRecord record, FinishAttempt attempt, OwnerSession session)
    {
        var isOpen = !session.IsNone && record.Run is { } open && open.ClaimedBy == session
            && open.Sequence == attempt.RunSequence && open.Attempt == attempt.Attempt;
        if (!isOpen)
            return null;

        var run = record.Run!;
        var report = new FinishedRun
        {
            Sequence = run.Sequence,
            ScheduledMs = run.ScheduledMs,
            Attempt = run.Attempt,
            Status = attempt.Outcome == AttemptOutcome.Succeeded ? RunStatus.Ok : RunStatus.Failed,
            HttpStatus = attempt.HttpStatus,
            Error = attempt.Error,
            StartMs = attempt.StartMs,
            EndMs = attempt.EndMs,
            NodeId = session.Node.Value,
        };

        // The retries of a periodic run end when its next one is due, and one that waits in the queue is.
        var isRetried = attempt is { Outcome: AttemptOutcome.Failed, Pause: false } && attempt.RetryAtMs != 0
            && record.QueuedDueMs == 0;
        return isRetried ? Wait(record, run, report, attempt.RetryAtMs) : End(record, report, attempt);
    }

    private static TaskRecord Wait(TaskRecord record, OpenRun run, FinishedRun report, long retryAtMs) =>
        record with
        {
            Revision = record.Revision + 1,
            Run = run with
            {
                Failures = run.Failures + 1,
                ClaimedBy = OwnerSession.None,
                RetryAtMs = retryAtMs,
                LastAttempt = report,
            },
        };

    private static TaskRecord End(TaskRecord record, FinishedRun report, FinishAttempt attempt)
    {
        var hasFailed = report.Status == RunStatus.Failed;
        var isOver = record.NextDueMs == 0 && record.QueuedDueMs == 0;

        // Its next due time is found again, when it is resumed, from the definition and the last run's.
        var isPaused = !isOver && hasFailed && attempt.Pause
            && DefinitionHead.TypeOf(record.Definition) == TaskType.Periodic;
        var finished = hasFailed ? TaskPhase.Failed : TaskPhase.Completed;
        return record with
        {
            Revision = record.Revision + 1,
            Phase = isOver ? finished : isPaused ? TaskPhase.Paused : record.Phase,
            ExpireAtMs = isOver ? attempt.ExpireAtMs : 0,
            NextDueMs = isPaused ? 0 : record.NextDueMs,
            QueuedDueMs = isPaused ? 0 : record.QueuedDueMs,
            Run = null,
            LastRun = report,
            RunCount = record.RunCount + 1,
            FailCount = record.FailCount + (hasFailed ? 1 : 0),
        };
    }
}
