using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>What a task's definition says about when it runs.</summary>
internal record struct ScheduleTerms(TaskType Type, string Format, string Timezone, Misfire Misfire)
{
    public Overlap Overlap { get; set; }

    /// <summary>A run that could not start so long after its time is skipped; 0 for none.</summary>
    public long DeadlineMs { get; set; }

    public long JitterMs { get; set; }

    public long StartAtMs { get; set; }

    public long EndAtMs { get; set; }

    /// <summary>0 for no limit.</summary>
    public long MaxRuns { get; set; }
}
