using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>When a run that failed is tried again. Thread-safe.</summary>
internal sealed class RetryPolicy(Random random)
{
    private const double Jitter = 0.2;
    private readonly Lock _gate = new();

    /// <param name="definition">The task's.</param>
    /// <param name="record">The task, with the open run.</param>
    /// <param name="answer">What the failed attempt brought.</param>
    /// <param name="endMs">When it ended.</param>
    /// <returns>The time of the next attempt, or 0: the run is over.</returns>
    public long RetryAtMs(TaskDefinition definition, TaskRecord record, CallbackAnswer answer, long endMs)
    {
        var failures = record.Run!.Failures + 1;
        if (answer.IsFinal || failures >= definition.MaxAttempts)
            return 0;

        var waitMs = (double)Math.Max(1, definition.MinBackoffMs);
        for (var i = 1; i < failures && waitMs < definition.MaxBackoffMs; i++)
            waitMs *= 2;
        waitMs = Math.Min(waitMs, definition.MaxBackoffMs) * Share();
        waitMs = Math.Max(waitMs, Math.Min(answer.RetryAfterMs, definition.MaxBackoffMs));
        var retryAtMs = endMs + Math.Max(1, (long)waitMs);

        // The retries of a periodic run end when its next run is due.
        var nextRunMs = record.Phase == TaskPhase.Paused ? 0 : record.NextRunMs;
        var isNextSooner = record.QueuedDueMs != 0 || (nextRunMs != 0 && retryAtMs >= nextRunMs);
        return isNextSooner ? 0 : retryAtMs;
    }

    private double Share()
    {
        lock (_gate)
            return 1 - Jitter + (2 * Jitter * random.NextDouble());
    }
}
