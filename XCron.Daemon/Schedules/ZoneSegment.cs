namespace XCron.Daemon.Schedules;

/// <summary>A stretch of time with one offset from UTC.</summary>
/// <param name="Start">Its first second, in unix seconds.</param>
/// <param name="End">The second after its last; the next segment may have the same offset.</param>
/// <param name="Offset">Seconds that the clock on the wall is ahead of UTC.</param>
internal readonly record struct ZoneSegment(long Start, long End, int Offset)
{
    /// <summary>What the clock on the wall shows when the segment begins.</summary>
    public long WallStart => Start + Offset;

    /// <summary>What the clock on the wall would show at the end, had the offset not changed.</summary>
    public long WallEnd => End + Offset;
}
