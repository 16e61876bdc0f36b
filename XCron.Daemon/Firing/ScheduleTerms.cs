using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>What a task's definition says about when it runs.</summary>
internal readonly record struct ScheduleTerms(TaskType Type, string Format, string Timezone, Misfire Misfire)
{
    public Overlap Overlap { get; init; }

    /// <summary>A run that could not start so long after its time is skipped; 0 for none.</summary>
    public long DeadlineMs { get; init; }

    public long JitterMs { get; init; }

    public long StartAtMs { get; init; }

    public long EndAtMs { get; init; }

    /// <summary>0 for no limit.</summary>
    public long MaxRuns { get; init; }
}
