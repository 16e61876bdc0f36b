using XCron.Daemon.Schedules;

namespace XCron.Daemon.Firing;

/// <summary>Parsed schedules, since many tasks share few expressions. For one loop; not thread-safe.</summary>
internal sealed class ScheduleCache
{
    private const int MaxSchedules = 4096;
    private readonly Dictionary<(string Format, string Timezone), ISchedule?> _schedules = [];

    /// <summary>The schedule, or null if this node cannot read it.</summary>
    /// <param name="terms">The task's.</param>
    /// <param name="nextDueMs">
    /// Its next due time. An interval is counted from there, which keeps its phase, also after an update.
    /// </param>
    public ISchedule? Find(in ScheduleTerms terms, long nextDueMs)
    {
        // All but @every is the same for every task.
        if (terms.Format.Contains("@every", StringComparison.OrdinalIgnoreCase))
            return Parse(terms, nextDueMs);
        var key = (terms.Format, terms.Timezone);
        if (_schedules.TryGetValue(key, out var schedule))
            return schedule;
        if (_schedules.Count >= MaxSchedules)
            _schedules.Clear();
        schedule = Parse(terms, nextDueMs);
        _schedules.Add(key, schedule);
        return schedule;
    }

    private static ISchedule? Parse(in ScheduleTerms terms, long startMs) =>
        (ScheduleParser.Parse(terms.Format, terms.Timezone, startMs) as ScheduleParse.Parsed)?.Schedule;
}
