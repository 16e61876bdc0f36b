namespace XCron.Daemon.Schedules;

/// <summary>When a periodic task is due. Immutable, thread-safe; depends on its arguments and zone data only.</summary>
internal interface ISchedule
{
    /// <summary>
    /// The first occurrence strictly after the moment (and after 1970), in unix milliseconds; 0 when there is none
    /// within 400 years.
    /// </summary>
    long NextAfter(long afterUnixMs);

    /// <summary>
    /// The last occurrence at or before the one moment and after the other; 0 when there is none. Its cost does not
    /// grow with the number of occurrences between them.
    /// </summary>
    long LatestAtOrBefore(long atUnixMs, long notBeforeUnixMs);

    /// <summary>The expression in English words: "At 01:00, every day."</summary>
    string Describe();
}
