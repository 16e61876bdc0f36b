using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>What becomes of a task at the end of a run, or of a due time that gets none. Pure.</summary>
internal static class RunEnding
{
    /// <summary>Longer texts are cut: a history must not grow with what targets say.</summary>
    private const int MostErrorCharacters = 256;

    /// <summary>A run that was made is over.</summary>
    public static TaskRecord Finish(TaskRecord record, FinishedRun run) => record with
    {
        Runs = OpenRuns.Without(record.Runs, run.Sequence),
        History = RunHistory.Add(record.History, run),
        RunCount = record.RunCount + 1,
        FailCount = record.FailCount + (run.Status == RunStatus.Failed ? 1 : 0),
    };

    /// <summary>The runs that wait for their retries are over: the next one is due.</summary>
    public static TaskRecord GiveUpWaiting(TaskRecord record, long nowMs, ulong node)
    {
        if (record.Runs is not { } runs)
            return record;
        foreach (var run in runs.AsSpan())
        {
            if (!run.ClaimedBy.IsNone)
                continue;
            record = Finish(record, run.LastAttempt ?? new FinishedRun
            {
                Sequence = run.Sequence,
                ScheduledMs = run.ScheduledMs,
                Attempt = run.Attempt,
                Status = RunStatus.Failed,
                EndMs = nowMs,
                NodeId = node,
            });
        }

        return record;
    }

    /// <summary>
    /// Whether a later due time has come while an attempt of the run was on its way, and is queued, begun beside it, or
    /// was passed over last. The retries of a run end when the next one is due.
    /// </summary>
    public static bool HasNextCome(TaskRecord record, OpenRun run)
    {
        if (record.QueuedDueMs != 0)
            return true;
        if (run.IsByHand)
            return false;
        foreach (var other in record.Runs is null ? [] : record.Runs.AsSpan())
        {
            if (!other.IsByHand && other.Sequence > run.Sequence)
                return true;
        }

        return record.LastRun is { Status: RunStatus.Skipped } last && last.ScheduledMs > run.ScheduledMs;
    }

    /// <summary>
    /// A due time of those that max_runs counts got no run: where none is left, a later one than those that there were
    /// takes its place.
    /// </summary>
    public static TaskRecord MakeUp(TaskRecord record, long afterMs, long nextDueMs, long nextDelayMs) =>
        record.NextDueMs == 0 && nextDueMs > afterMs && nextDelayMs is >= 0 and <= int.MaxValue
            ? record with { NextDueMs = nextDueMs, NextDelayMs = (int)nextDelayMs }
            : record;

    /// <summary>The latest due time that is known to be consumed: by a run that is open or over, the queue or a skip.
    /// </summary>
    public static long LastDueMs(TaskRecord record)
    {
        var lastMs = record.QueuedDueMs;
        foreach (var run in record.Runs is null ? [] : record.Runs.AsSpan())
            lastMs = run.IsByHand ? lastMs : Math.Max(lastMs, run.ScheduledMs);
        foreach (var run in record.History?.ToList() ?? [])
            lastMs = Math.Max(lastMs, run.ScheduledMs);
        return lastMs;
    }

    /// <summary>Finishes a task that has nothing left to do; a paused one waits to be resumed.</summary>
    /// <param name="record">The task without the run, or the due time, that has ended.</param>
    /// <param name="phase">What it is then.</param>
    /// <param name="expireAtMs">When it is then swept.</param>
    public static TaskRecord Settle(TaskRecord record, TaskPhase phase, long expireAtMs)
    {
        var isOver = record is { Runs: null, NextDueMs: 0, QueuedDueMs: 0, Phase: TaskPhase.Scheduled };
        return isOver ? record with { Phase = phase, ExpireAtMs = expireAtMs } : record;
    }

    /// <summary>What a task is whose last due time got no run.</summary>
    /// <param name="before">The task before that.</param>
    /// <param name="reason">Why; none in commands of the first version, which knew no other phase.</param>
    public static TaskPhase PhaseAfterSkip(TaskRecord before, SkipReason reason)
    {
        if (reason == SkipReason.Unspecified)
            return TaskPhase.Completed;
        if (before.RunCount == 0)
            return TaskPhase.Expired;
        return before.LastRun is { Status: RunStatus.Failed } ? TaskPhase.Failed : TaskPhase.Completed;
    }

    /// <summary>What the history says of due times that were passed over.</summary>
    public static FinishedRun Skipped(long scheduledMs, SkipReason reason, long count, long nowMs, ulong node) => new()
    {
        // No run was opened, so it has no number.
        Sequence = 0,
        ScheduledMs = scheduledMs,
        Attempt = 0,
        Status = RunStatus.Skipped,
        Error = WhySkipped(reason, count),
        EndMs = nowMs,
        NodeId = node,
    };

    public static string WhySkipped(SkipReason reason, long count)
    {
        var why = reason switch
        {
            SkipReason.Misfire => "nobody could serve it in time (misfire skip)",
            SkipReason.Overlap => "the last run was still going on (overlap)",
            SkipReason.Deadline => "it could not start before its deadline",
            SkipReason.End => "it could not start before end_at",
            _ => "",
        };
        return count > 1 && why.Length > 0
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{why}; {count} due times up to now")
            : why;
    }

    public static string Cut(string error)
    {
        if (error.Length <= MostErrorCharacters)
            return error;
        var isPair = char.IsHighSurrogate(error[MostErrorCharacters - 1]);
        return error[..(isPair ? MostErrorCharacters - 1 : MostErrorCharacters)];
    }
}
