namespace XCron.Daemon.Schedules;

/// <summary>Counts due times of a schedule without walking through all of a long outage.</summary>
internal static class MissedTimes
{
    /// <summary>Counted one by one up to here; beyond it the number is projected from those counted.</summary>
    private const int Walked = 64;

    /// <summary>
    /// How many due times lie after <paramref name="fromMs"/>, up to and with <paramref name="toMs"/>.
    /// </summary>
    public static long Count(ISchedule schedule, long fromMs, long toMs)
    {
        var count = 0L;
        var atMs = fromMs;
        while (count < Walked)
        {
            var nextMs = schedule.NextAfter(atMs);
            if (nextMs <= atMs || nextMs > toMs)
                return count;
            atMs = nextMs;
            count++;
        }

        return Math.Max(count, (long)((double)count * (toMs - fromMs) / (atMs - fromMs)));
    }

    /// <summary>
    /// The oldest of the last <paramref name="kept"/> due times up to now, but none before the first.
    /// </summary>
    public static long OldestKept(ISchedule schedule, long firstMs, long nowMs, int kept)
    {
        // No schedule is due more often than once a second.
        if (nowMs - firstMs < kept * 1000L)
            return firstMs;
        var oldestMs = nowMs + 1;
        for (var i = 0; i < kept; i++)
        {
            var earlierMs = schedule.LatestAtOrBefore(oldestMs - 1, firstMs);
            if (earlierMs < firstMs || earlierMs >= oldestMs)
                return firstMs;
            oldestMs = earlierMs;
        }

        return oldestMs;
    }
}
