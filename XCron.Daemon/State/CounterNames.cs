namespace XCron.Daemon.State;

/// <summary>The counters' names in a snapshot, which never change; one that a snapshot lacks is 0.</summary>
internal static class CounterNames
{
    /// <summary>How many of them part all tasks among themselves.</summary>
    public const int GaugeCount = (int)Counter.Expired + 1;

    public static readonly string[] All =
    [
        "scheduled", "running", "paused", "completed", "failed", "expired", "created", "deleted", "runs_ok",
        "runs_failed", "runs_skipped", "retries", "reclaims",
    ];
}
