using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// The open runs that an imported task brings along. Each goes on under its own number: a receiver knows a run by its
/// id, so a number that stood for one due time must never stand for another. Pure.
/// </summary>
internal static class ImportedRuns
{
    /// <summary>
    /// Who has the attempts that were on their way elsewhere: a session of no node, with an incarnation that no session
    /// has, as those are odd. It never lives, so the shard's owner claims its runs again, as those of any session that
    /// is gone, and before anything that is due.
    /// </summary>
    private static readonly OwnerSession Elsewhere = new(NodeId.None, 2);

    /// <summary>What is wrong with the open runs of an import, or null.</summary>
    public static string? Refusal(ImportTask task)
    {
        if (task.OpenRuns.Count > OpenRuns.Most)
            return $"open_runs has {task.OpenRuns.Count} runs; must be at most {OpenRuns.Most}";

        var (known, byHand) = (new HashSet<long>(), 0);
        foreach (var run in task.OpenRuns)
        {
            if (run.Sequence <= 0 || run.Sequence > task.RunSequence)
                return $"open_runs has run {run.Sequence}; must be from 1 to run_sequence ({task.RunSequence})";
            if (!known.Add(run.Sequence))
                return $"open_runs has run {run.Sequence} twice";
            if (run.ScheduledMs <= 0 || run.Attempt <= 0 || run.DelayMs < 0 || run.RetryAtMs < 0)
                return $"open_runs has run {run.Sequence} with a time or an attempt that no run has";
            if (run.Failures < 0 || run.Failures > run.Attempt)
                return $"failures of run {run.Sequence} is {run.Failures}; must be at most attempt ({run.Attempt})";
            if (run.RetryAtMs != 0 && task.QueuedDueMs != 0)
                return $"run {run.Sequence} has a retry_time; must have none where there is a queued_time";
            byHand += run.ByHand ? 1 : 0;
        }

        return byHand <= task.RunsByHand
            ? null
            : $"open_runs has {byHand} runs by hand; must be at most runs_by_hand ({task.RunsByHand})";
    }

    public static OpenRuns? Of(ImportTask task)
    {
        var runs = new OpenRun[task.OpenRuns.Count];
        for (var place = 0; place < runs.Length; place++)
        {
            var run = task.OpenRuns[place];
            runs[place] = new OpenRun
            {
                Sequence = run.Sequence,
                ScheduledMs = run.ScheduledMs,
                DelayMs = run.DelayMs,
                IsByHand = run.ByHand,
                Attempt = run.Attempt,
                Failures = run.Failures,
                ClaimedBy = run.RetryAtMs == 0 ? Elsewhere : OwnerSession.None,
                RetryAtMs = run.RetryAtMs,
            };
        }

        return OpenRuns.Of(runs);
    }
}
