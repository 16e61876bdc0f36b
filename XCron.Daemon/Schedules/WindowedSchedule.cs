namespace XCron.Daemon.Schedules;

/// <summary>A schedule between start_at and end_at, both included; 0 where there is no such bound.</summary>
internal sealed class WindowedSchedule(ISchedule inner, long startMs, long endMs) : ISchedule
{
    public long NextAfter(long afterUnixMs)
    {
        var nextMs = inner.NextAfter(Math.Max(afterUnixMs, startMs - 1));
        return endMs != 0 && nextMs > endMs ? 0 : nextMs;
    }

    public long LatestAtOrBefore(long atUnixMs, long notBeforeUnixMs)
    {
        var atMs = endMs == 0 ? atUnixMs : Math.Min(atUnixMs, endMs);
        var notBeforeMs = Math.Max(notBeforeUnixMs, startMs - 1);
        return atMs <= notBeforeMs ? 0 : inner.LatestAtOrBefore(atMs, notBeforeMs);
    }

    public string Describe() => inner.Describe();
}
