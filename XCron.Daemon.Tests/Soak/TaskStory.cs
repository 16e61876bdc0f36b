namespace XCron.Daemon.Tests.Soak;

/// <summary>How a request ended, as its client may conclude.</summary>
internal enum Ending
{
    /// <summary>It was never made.</summary>
    None,

    /// <summary>Acknowledged.</summary>
    Done,

    /// <summary>Certainly nothing was written.</summary>
    Refused,

    /// <summary>It may have been done, or not, or may yet be.</summary>
    Unknown,

    /// <summary>The answer was that there is no such task.</summary>
    Missing,
}

/// <summary>What its client did with one task, and what the receiver saw of it.</summary>
/// <remarks>Clients and receiver write under its lock; the checker reads when all have stopped.</remarks>
internal sealed class TaskStory
{
    public required string Key { get; init; }

    /// <summary>A one-shot's due time; 0 for a periodic one.</summary>
    public long DueMs { get; init; }

    /// <summary>A periodic task's period; 0 for a one-shot.</summary>
    public long PeriodMs { get; init; }

    /// <summary>How many runs it has in all.</summary>
    public int Runs { get; init; } = 1;

    public Ending Created { get; set; }

    /// <summary>
    /// Creates under its name that were sent and got no answer: each may be done later than one that was acknowledged.
    /// Where the name is free again by then, it makes another task.
    /// </summary>
    public int DoubtfulCreates { get; set; }

    /// <summary>When the acknowledgement came.</summary>
    public long CreatedMs { get; set; }

    public HashSet<string> TaskIds { get; } = [];

    /// <summary>When a delete was sent, whether it was answered or not; 0: none was.</summary>
    public long DeleteAskedMs { get; set; }

    public Ending Deleted { get; set; }

    /// <summary>When the answer to the delete came.</summary>
    public long DeletedMs { get; set; }

    /// <summary>The delete's answer was that an attempt was under way.</summary>
    public bool WasRunning { get; set; }

    /// <summary>When an answer said first that it was completed; 0: none did.</summary>
    public long CompletedMs { get; set; }

    /// <summary>An answer did not know the task, though it was acknowledged, not deleted and not swept.</summary>
    public bool WasMissed { get; set; }

    /// <summary>It was over for so long that it may have been swept.</summary>
    public bool MayBeSwept(long nowMs) => nowMs - LastDueMs > SoakCluster.Retention.TotalMilliseconds - 5000;

    public List<TaskCall> Calls { get; } = [];

    /// <summary>Acknowledged and not deleted: all its runs must come.</summary>
    public bool IsWanted => Created == Ending.Done && Deleted is Ending.None or Ending.Refused;

    /// <summary>The last due time by the true clock, as far as it is known.</summary>
    public long LastDueMs => PeriodMs == 0 ? DueMs : CreatedMs + PeriodMs * Runs;
}

/// <summary>One callback as it came in.</summary>
internal sealed record TaskCall(string TaskId, string RunId, int Attempt, long ScheduledMs, long ArrivedMs, bool IsOk);
