using XCron.Daemon.Schedules;

namespace XCron.Daemon.Firing;

/// <summary>Parsed schedules, since many tasks share few expressions. For one loop; not thread-safe.</summary>
internal sealed class ScheduleCache
{
    private const int MaxSchedules = 4096;
    private readonly Dictionary<(string Format, string Timezone, long StartMs), ISchedule?> _schedules = [];

    /// <summary>The schedule, or null if this node cannot read it.</summary>
    public ISchedule? Find(in ScheduleTerms terms, long createTimeMs)
    {
        // Only @every counts from the task's start; all else is the same for every task.
        var startMs = terms.Format.Contains("@every", StringComparison.OrdinalIgnoreCase) ? createTimeMs : 0;
        var key = (terms.Format, terms.Timezone, startMs);
        if (_schedules.TryGetValue(key, out var schedule))
            return schedule;
        if (_schedules.Count >= MaxSchedules)
            _schedules.Clear();
        schedule = (ScheduleParser.Parse(terms.Format, terms.Timezone, createTimeMs) as ScheduleParse.Parsed)?.Schedule;
        _schedules.Add(key, schedule);
        return schedule;
    }
}
