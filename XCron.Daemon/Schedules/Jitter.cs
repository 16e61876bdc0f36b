namespace XCron.Daemon.Schedules;

/// <summary>Chance that is none: the same for one task and due time on every node and for ever.</summary>
internal static class Jitter
{
    /// <param name="taskId">The task's id.</param>
    /// <param name="dueMs">The due time.</param>
    /// <param name="mostMs">The most that may come out.</param>
    /// <returns>From 0 to the most, each as likely.</returns>
    public static long DelayMs(long taskId, long dueMs, long mostMs)
    {
        if (mostMs <= 0)
            return 0;
        var drawn = Mix(Mix((ulong)taskId) ^ (ulong)dueMs);
        return (long)Math.BigMul(drawn, (ulong)mostMs + 1, out _);
    }

    /// <summary>Spreads every bit over all (the finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15UL;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9UL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebUL;
        return value ^ (value >> 31);
    }
}
