namespace XCron.Daemon.State;

/// <summary>The numbers of <see cref="StateCounters"/>, by place.</summary>
internal enum Counter
{
    Scheduled,
    Running,
    Paused,
    Completed,
    Failed,
    Expired,
    Created,
    Deleted,
    RunsOk,
    RunsFailed,
    RunsSkipped,
    Retries,
    Reclaims,
}
