using System.Diagnostics;

namespace XCron.Daemon.Schedules;

/// <summary>
/// A crontab line in a time zone. What cron(8) says of daylight saving holds for every change of a zone's offset:
/// a job that follows the clock runs whenever the clock shows a time of its; any other runs when the clock for the
/// first time shows a time of its or, past a gap, a later one.
/// </summary>
internal sealed class CrontabSchedule(CrontabFields fields, ZoneClock clock) : ISchedule
{
    private const long None = CrontabCalendar.None;

    // From the third day of 1970, so that the time on the wall is never before 1970, whatever the zone.
    private const long Earliest = 2 * 86_400;

    // The first day of the year 9000: 400 years further is still a date.
    private const long Latest = 221_845_392_000;

    // Four centuries and a week: the calendar repeats, and so do the rules that end the zone's data.
    private const long Horizon = (146_097 + 7) * 86_400L;

    private readonly CrontabCalendar _calendar = new(fields);

    public long NextAfter(long afterUnixMs)
    {
        var after = Math.Max(Earliest, ToSeconds(afterUnixMs));
        if (after >= Latest)
            return 0;

        var next = fields.FollowsClock ? NextOnClock(after) : NextOnce(after);
        if (next == None)
            return 0;

        var nextUnixMs = next * 1000;
        if (nextUnixMs <= afterUnixMs)
            throw new UnreachableException($"The occurrence after {afterUnixMs} came out as {nextUnixMs}.");
        return nextUnixMs;
    }

    public long LatestAtOrBefore(long atUnixMs, long notBeforeUnixMs)
    {
        var at = Math.Min(Latest, ToSeconds(atUnixMs));
        var notBefore = Math.Max(Earliest, ToSeconds(notBeforeUnixMs));
        if (at <= notBefore)
            return 0;

        var latest = fields.FollowsClock ? LatestOnClock(at, notBefore) : LatestOnce(at);
        return latest == None || latest <= notBefore ? 0 : latest * 1000;
    }

    public string Describe() => CrontabWords.Describe(fields);

    private static long ToSeconds(long unixMs) => Math.DivRem(unixMs, 1000, out var ms) - (ms < 0 ? 1 : 0);

    private long NextOnce(long after)
    {
        var wall = _calendar.AtOrAfter(clock.LatestShown(after) + 1);
        return wall == None ? None : clock.FirstReached(wall);
    }

    private long LatestOnce(long at)
    {
        var wall = _calendar.AtOrBefore(clock.LatestShown(at));
        return wall == None ? None : clock.FirstReached(wall);
    }

    private long NextOnClock(long after)
    {
        var moment = after + 1;
        while (moment <= after + Horizon)
        {
            var segment = clock.At(moment);
            var from = moment + segment.Offset;
            var wall = _calendar.AtOrAfter(from);
            if (wall == None)
                return None;
            if (wall < segment.WallEnd)
                return wall - segment.Offset;

            // Nothing matches from here to that time on the wall. The clock may be set back behind here once more, but
            // not where the segment's end is so far off that no offset reaches back: then all up to it is skipped.
            moment = segment.End;
            if (moment - ZoneClock.LargestOffset >= from)
                moment = Math.Max(moment, wall - ZoneClock.LargestOffset);
        }

        return None;
    }

    private long LatestOnClock(long at, long notBefore)
    {
        var moment = at;
        while (moment > notBefore)
        {
            var segment = clock.At(moment);
            var upTo = moment + segment.Offset;
            var wall = _calendar.AtOrBefore(upTo);
            if (wall == None)
                return None;
            if (wall >= segment.WallStart)
                return wall - segment.Offset;

            // As above, the other way: nothing matches from that time on the wall up to here.
            moment = segment.Start - 1;
            if (moment + ZoneClock.LargestOffset <= upTo)
                moment = Math.Min(moment, wall + ZoneClock.LargestOffset);
        }

        return None;
    }
}
