using XCron.Daemon.Tests.Schedules;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// When crontab lines are due within a window of time, by the naive cron that looks at every minute or second: it
/// shares no code with what it judges.
/// </summary>
internal sealed class ExpectedTimes(long fromMs, long toMs)
{
    private static readonly Dictionary<string, string> Macros = new()
    {
        ["@daily"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
    };

    private readonly Dictionary<(string Zone, int Step), NaiveCron.ZoneWalk> _walks = [];
    private readonly Dictionary<(string Format, string Zone), List<long>> _times = [];

    public long FromMs => fromMs;

    public long ToMs => toMs;

    /// <summary>The due times in the window, in ms and in order.</summary>
    public List<long> Of(string format, string zone)
    {
        if (_times.TryGetValue((format, zone), out var known))
            return known;

        var expression = Macros.GetValueOrDefault(format, format);
        var step = expression.Split(' ').Length == 6 ? 1 : 60;
        List<long> times = [.. new NaiveCron(expression).Occurrences(WalkOf(zone, step))
            .Select(static seconds => seconds * 1000)];
        _times.Add((format, zone), times);
        return times;
    }

    /// <summary>Of an interval that is due at one time, the due times from there on.</summary>
    public List<long> Of(TimeSpan every, long firstMs)
    {
        List<long> times = [];
        for (var atMs = firstMs; atMs <= toMs; atMs += (long)every.TotalMilliseconds)
            times.Add(atMs);
        return times;
    }

    private NaiveCron.ZoneWalk WalkOf(string zone, int step)
    {
        if (_walks.TryGetValue((zone, step), out var known))
            return known;

        const long MinuteMs = 60_000;
        var from = DateTime.UnixEpoch.AddMilliseconds(fromMs / MinuteMs * MinuteMs);
        var walk = new NaiveCron.ZoneWalk(zone, from, DateTime.UnixEpoch.AddMilliseconds(toMs), step);
        _walks.Add((zone, step), walk);
        return walk;
    }
}
