namespace XCron.Daemon.State;

/// <summary>The counters' names in a snapshot, which never change; a new counter comes last.</summary>
internal static class CounterNames
{
    /// <summary>How many of them part all tasks among themselves.</summary>
    public const int GaugeCount = (int)Counter.Failed + 1;

    public static readonly string[] All =
    [
        "scheduled", "running", "paused", "completed", "failed", "created", "deleted", "runs_ok", "runs_failed",
        "runs_skipped", "retries", "reclaims",
    ];
}
