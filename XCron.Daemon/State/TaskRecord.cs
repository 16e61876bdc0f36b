using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>All that is known of a task. Immutable: a change makes a new one with the next revision.</summary>
internal sealed record TaskRecord
{
    // Invariant: null rather than TaskProgress.None, so that equal records are equal.
    private readonly TaskProgress? _progress;

    public required TaskId Id { get; init; }

    public required long CreateTimeMs { get; init; }

    /// <summary>
    /// The incarnation of the session that chose the id: tells a repeated create from a collision of ids.
    /// </summary>
    public ulong CreatedBy { get; init; }

    /// <summary>The encoded TaskDefinition; the array never changes, an update brings another.</summary>
    public required byte[] Definition { get; init; }

    /// <summary>Rises with every change, so that a claim made from an older look is refused.</summary>
    public required long Revision { get; init; }

    public required TaskPhase Phase { get; init; }

    /// <summary>The next due time not yet claimed; 0 for none. Kept while the task is paused.</summary>
    public long NextDueMs { get; init; }

    /// <summary>By how much jitter moves the run of the next due time.</summary>
    public int NextDelayMs { get; init; }

    /// <summary>A due time that waits for the open run to end; 0 for none.</summary>
    public long QueuedDueMs
    {
        get => _progress?.QueuedDueMs ?? 0;
        init => _progress = value == QueuedDueMs ? _progress : (Progress with { QueuedDueMs = value }).OrNull();
    }

    /// <summary>When the finished task is swept; 0 while it is not finished.</summary>
    public long ExpireAtMs
    {
        get => _progress?.ExpireAtMs ?? 0;
        init => _progress = value == ExpireAtMs ? _progress : (Progress with { ExpireAtMs = value }).OrNull();
    }

    /// <summary>How many runs were opened; the newest one's sequence.</summary>
    public long RunSequence
    {
        get => _progress?.RunSequence ?? 0;
        init => _progress = value == RunSequence ? _progress : (Progress with { RunSequence = value }).OrNull();
    }

    /// <summary>The runs opened that max_runs counts.</summary>
    public long CountedRuns => RunSequence - (History?.Uncounted ?? 0);

    /// <summary>Finished runs, each counted once whatever its attempts.</summary>
    public long RunCount
    {
        get => _progress?.RunCount ?? 0;
        init => _progress = value == RunCount ? _progress : (Progress with { RunCount = value }).OrNull();
    }

    public long FailCount
    {
        get => _progress?.FailCount ?? 0;
        init => _progress = value == FailCount ? _progress : (Progress with { FailCount = value }).OrNull();
    }

    /// <summary>Due times passed over, by misfire, overlap, deadline or end_at.</summary>
    public long MissedCount
    {
        get => _progress?.MissedCount ?? 0;
        init => _progress = value == MissedCount ? _progress : (Progress with { MissedCount = value }).OrNull();
    }

    /// <summary>Null unless a run is open.</summary>
    public OpenRuns? Runs
    {
        get => _progress?.Runs;
        init => _progress = ReferenceEquals(value, Runs) ? _progress : (Progress with { Runs = value }).OrNull();
    }

    /// <summary>What is remembered of finished runs; null where there is nothing.</summary>
    public RunHistory? History
    {
        get => _progress?.History;
        init => _progress = ReferenceEquals(value, History) ? _progress : (Progress with { History = value }).OrNull();
    }

    /// <summary>The open run that was claimed last, most often the only one.</summary>
    public OpenRun? Run
    {
        get => Runs?.First;
        init => Runs = value is null ? null : OpenRuns.Of([value]);
    }

    /// <summary>The finished run that ended last, or the due time passed over last.</summary>
    public FinishedRun? LastRun
    {
        get => History?.Last;
        init => History = value is null ? null : RunHistory.Of(value);
    }

    /// <summary>When the next run is to start, jitter and all; 0 for none.</summary>
    public long NextRunMs => NextDueMs == 0 ? 0 : NextDueMs + NextDelayMs;

    private TaskProgress Progress => _progress ?? TaskProgress.None;

    /// <summary>Nothing is left to do but to forget the task.</summary>
    public bool IsFinished => Phase is TaskPhase.Completed or TaskPhase.Failed or TaskPhase.Expired;

    /// <summary>This record, with the run of that number as <see cref="Run"/>; null where it is not open.</summary>
    public TaskRecord? Facing(long runSequence)
    {
        if (Runs?.Find(runSequence) is not { } run)
            return null;
        return ReferenceEquals(Runs.First, run) ? this : this with { Runs = OpenRuns.With(Runs, run) };
    }

    /// <summary>
    /// When the task's owner has something to do for it: claim a due time, a retry, a run whose owner is gone, or
    /// sweep. 0 where there is nothing; 1 for at once.
    /// </summary>
    /// <param name="owner">Who owns the shard now: a run claimed by another session is to be claimed again.</param>
    public long WakeAtMs(OwnerSession owner)
    {
        const long AtOnce = 1;
        var isPaused = Phase == TaskPhase.Paused;
        if (Runs is null)
            return isPaused ? 0 : QueuedDueMs != 0 ? AtOnce : NextDueMs != 0 ? NextRunMs : ExpireAtMs;
        if (Runs.HasForeign(owner))
            return AtOnce;

        // While a run goes on, one due time may join the queue; what comes then is passed over.
        var nextRunMs = isPaused ? 0 : NextRunMs;
        var retryAtMs = Runs.FirstRetryMs();
        return (nextRunMs, retryAtMs) switch
        {
            (0, _) => retryAtMs,
            (_, 0) => nextRunMs,
            _ => Math.Min(nextRunMs, retryAtMs),
        };
    }
}

internal enum TaskPhase
{
    Scheduled = 0,
    Paused = 1,

    /// <summary>No due time is left; the last run went well (or there was none).</summary>
    Completed = 2,

    /// <summary>No due time is left; the last run failed.</summary>
    Failed = 3,

    /// <summary>No due time is left, and there never was a run: its deadline or end_at passed before.</summary>
    Expired = 4,
}

/// <summary>A run that has been claimed and is not over.</summary>
internal sealed record OpenRun
{
    public required long Sequence { get; init; }

    /// <summary>The due time it is for.</summary>
    public required long ScheduledMs { get; init; }

    /// <summary>
    /// How long after its due time it was to start: by jitter, or since a run by hand makes up for a past time.
    /// </summary>
    public long DelayMs { get; init; }

    /// <summary>Asked for by itself, not by the schedule.</summary>
    public bool IsByHand { get; init; }

    /// <summary>
    /// No attempt of it is sent before, by the clock of the node that sends, whatever clock it was claimed by. What was
    /// asked for by hand need not wait.
    /// </summary>
    public long NotBeforeMs => IsByHand ? 0 : ScheduledMs + DelayMs;

    /// <summary>
    /// 1 for the first; every claim of the run takes the next number, whatever became of the one before.
    /// </summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts recorded as failed; those whose owner was lost are not counted against max_attempts.</summary>
    public int Failures { get; init; }

    /// <summary>The session whose attempt is on its way; none while the run waits for its retry.</summary>
    public OwnerSession ClaimedBy { get; init; }

    public long ClaimedMs { get; init; }

    public long RetryAtMs { get; init; }

    public FinishedRun? LastAttempt { get; init; }
}

/// <summary>How a run, or the last attempt of one, went.</summary>
internal sealed record FinishedRun
{
    public required long Sequence { get; init; }

    public required long ScheduledMs { get; init; }

    public required int Attempt { get; init; }

    public required RunStatus Status { get; init; }

    public int HttpStatus { get; init; }

    public string Error { get; init; } = "";

    public long StartMs { get; init; }

    public long EndMs { get; init; }

    public ulong NodeId { get; init; }
}

internal enum RunStatus
{
    Ok = 0,
    Failed = 1,
    Skipped = 2,
}
