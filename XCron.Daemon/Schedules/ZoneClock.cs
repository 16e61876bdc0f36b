using System.Collections.Concurrent;

namespace XCron.Daemon.Schedules;

/// <summary>
/// A time zone as a sequence of segments with one offset each. .NET tells the offset of a moment but not when it
/// changes: that is searched for once, in blocks of about a year, and kept. Thread-safe.
/// </summary>
internal sealed class ZoneClock(TimeZoneInfo zone)
{
    /// <summary>No offset from UTC is larger: .NET allows 14 hours, and two are to spare.</summary>
    public const int LargestOffset = 16 * 3600;

    private const int BlockBits = 25;
    private const int SecondsPerProbe = 86_400;

    // Bounded: a block covers 388 days, and moments are those of a DateTime.
    private readonly ConcurrentDictionary<int, ZoneSegment[]> _blocks = new();

    public string Timezone => zone.Id;

    /// <summary>The segment that holds the moment, or that part of it which lies in the moment's block.</summary>
    /// <param name="unixSeconds">Within the years 1 to 9998.</param>
    public ZoneSegment At(long unixSeconds)
    {
        var number = (int)(unixSeconds >> BlockBits);
        if (!_blocks.TryGetValue(number, out var segments))
            segments = _blocks.GetOrAdd(number, SegmentsOf(number));

        var last = segments.Length - 1;
        while (segments[last].Start > unixSeconds)
            last--;
        return segments[last];
    }

    /// <summary>The first moment at which the wall clock shows the given time or, past a gap, a later one.</summary>
    public long FirstReached(long wallSeconds)
    {
        var segment = At(wallSeconds - LargestOffset);
        while (wallSeconds >= segment.WallEnd)
            segment = At(segment.End);
        return Math.Max(wallSeconds - segment.Offset, segment.Start);
    }

    /// <summary>The latest time that the clock on the wall has ever shown up to and at the given moment.</summary>
    public long LatestShown(long unixSeconds)
    {
        var segment = At(unixSeconds);
        var latest = unixSeconds + segment.Offset;
        while (segment.Start > unixSeconds - 2 * LargestOffset)
        {
            segment = At(segment.Start - 1);
            latest = Math.Max(latest, segment.WallEnd - 1);
        }

        return latest;
    }

    private ZoneSegment[] SegmentsOf(int block)
    {
        List<ZoneSegment> segments = [];
        var start = (long)block << BlockBits;
        var end = start + (1L << BlockBits);
        var offset = OffsetAt(start);
        for (var probed = start; probed < end;)
        {
            var probe = Math.Min(probed + SecondsPerProbe, end - 1);
            if (OffsetAt(probe) != offset)
            {
                var change = FindChange(probed, probe, offset);
                segments.Add(new ZoneSegment(start, change, offset));
                (start, probe, offset) = (change, change, OffsetAt(change));
            }

            probed = probe == end - 1 ? end : probe;
        }

        segments.Add(new ZoneSegment(start, end, offset));
        return [.. segments];
    }

    /// <summary>The first second after <paramref name="before"/> whose offset is another one.</summary>
    private long FindChange(long before, long after, int offset)
    {
        while (after - before > 1)
        {
            var middle = before + (after - before) / 2;
            if (OffsetAt(middle) == offset)
                before = middle;
            else
                after = middle;
        }

        return after;
    }

    private int OffsetAt(long unixSeconds) =>
        (int)(zone.GetUtcOffset(DateTime.UnixEpoch.AddTicks(unixSeconds * TimeSpan.TicksPerSecond)).Ticks
            / TimeSpan.TicksPerSecond);
}
