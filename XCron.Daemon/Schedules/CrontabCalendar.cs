using System.Numerics;

namespace XCron.Daemon.Schedules;

/// <summary>
/// Finds the times that match a crontab line in the plain calendar, which knows no time zones. Times are seconds since
/// 1970 as a clock on the wall shows them. Goes field by field, never minute by minute.
/// </summary>
internal sealed class CrontabCalendar(CrontabFields fields)
{
    public const long None = long.MinValue;

    private const int SecondsPerDay = 86_400;
    private const int EpochDay = 719_162;

    // The calendar repeats after 400 years, weekdays included: what is not found within them does not exist.
    private const int MonthsToSearch = 400 * 12;

    private readonly int _firstOfDay = (BitOperations.TrailingZeroCount(fields.Hours) * 60
        + BitOperations.TrailingZeroCount(fields.Minutes)) * 60 + BitOperations.TrailingZeroCount(fields.Seconds);

    private readonly int _lastOfDay = (BitOperations.Log2(fields.Hours) * 60
        + BitOperations.Log2(fields.Minutes)) * 60 + BitOperations.Log2(fields.Seconds);

    /// <summary>The first matching time since 1970 at or after the given one; None if 400 years have none.</summary>
    public long AtOrAfter(long wallSeconds)
    {
        var day = (int)Math.DivRem(Math.Max(0, wallSeconds), SecondsPerDay, out var secondOfDay);
        if (IsMatch(day))
        {
            var found = TimeAtOrAfter((int)secondOfDay);
            if (found >= 0)
                return (long)day * SecondsPerDay + found;
        }

        var next = DayAtOrAfter(day + 1);
        return next < 0 ? None : (long)next * SecondsPerDay + _firstOfDay;
    }

    /// <summary>The last matching time at or before the given one; None when there is none since 1970.</summary>
    public long AtOrBefore(long wallSeconds)
    {
        if (wallSeconds < 0)
            return None;
        var day = (int)Math.DivRem(wallSeconds, SecondsPerDay, out var secondOfDay);
        if (IsMatch(day))
        {
            var found = TimeAtOrBefore((int)secondOfDay);
            if (found >= 0)
                return (long)day * SecondsPerDay + found;
        }

        var previous = DayAtOrBefore(day - 1);
        return previous < 0 ? None : (long)previous * SecondsPerDay + _lastOfDay;
    }

    private int TimeAtOrAfter(int secondOfDay)
    {
        var (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60);
        if (IsIn(fields.Hours, hour))
        {
            if (IsIn(fields.Minutes, minute) && From(fields.Seconds, second) is var laterSecond and >= 0)
                return (hour * 60 + minute) * 60 + laterSecond;
            if (From(fields.Minutes, minute + 1) is var laterMinute and >= 0)
                return (hour * 60 + laterMinute) * 60 + _firstOfDay % 60;
        }

        var laterHour = From(fields.Hours, hour + 1);
        return laterHour < 0 ? -1 : laterHour * 3600 + _firstOfDay % 3600;
    }

    private int TimeAtOrBefore(int secondOfDay)
    {
        var (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60);
        if (IsIn(fields.Hours, hour))
        {
            if (IsIn(fields.Minutes, minute) && UpTo(fields.Seconds, second) is var earlierSecond and >= 0)
                return (hour * 60 + minute) * 60 + earlierSecond;
            if (UpTo(fields.Minutes, minute - 1) is var earlierMinute and >= 0)
                return (hour * 60 + earlierMinute) * 60 + _lastOfDay % 60;
        }

        var earlierHour = UpTo(fields.Hours, hour - 1);
        return earlierHour < 0 ? -1 : earlierHour * 3600 + _lastOfDay % 3600;
    }

    private bool IsMatch(int day)
    {
        var date = DateOnly.FromDayNumber(day + EpochDay);
        var ofMonth = IsIn(fields.DaysOfMonth, date.Day);
        var ofWeek = IsIn(fields.DaysOfWeek, (int)date.DayOfWeek);
        return IsIn(fields.Months, date.Month) && (fields.DayMatchesBoth ? ofMonth && ofWeek : ofMonth || ofWeek);
    }

    private int DayAtOrAfter(int day)
    {
        var (year, month, dayOfMonth) = DateOnly.FromDayNumber(day + EpochDay);
        for (var searched = 0; searched <= MonthsToSearch; searched++)
        {
            if (IsIn(fields.Months, month) && From(DaysOf(year, month), dayOfMonth) is var found and >= 0)
                return new DateOnly(year, month, found).DayNumber - EpochDay;
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1);
            dayOfMonth = 1;
        }

        return -1;
    }

    private int DayAtOrBefore(int day)
    {
        if (day < 0)
            return -1;
        var (year, month, dayOfMonth) = DateOnly.FromDayNumber(day + EpochDay);
        while (year >= 1970)
        {
            if (IsIn(fields.Months, month) && UpTo(DaysOf(year, month), dayOfMonth) is var found and >= 0)
                return new DateOnly(year, month, found).DayNumber - EpochDay;
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1);
            dayOfMonth = 31;
        }

        return -1;
    }

    /// <summary>All matching days of the month at once, day n as bit n.</summary>
    private ulong DaysOf(int year, int month)
    {
        // Five weeks that begin on the weekday of the 1st, moved so that the 1st is bit 1.
        const ulong FiveWeeks = 1 | 1UL << 7 | 1UL << 14 | 1UL << 21 | 1UL << 28;
        var firstWeekday = (int)new DateOnly(year, month, 1).DayOfWeek;
        var week = (uint)(fields.DaysOfWeek >> firstWeekday | fields.DaysOfWeek << (7 - firstWeekday)) & 0x7F;
        var byWeekday = (week * FiveWeeks) << 1;

        var days = fields.DayMatchesBoth ? fields.DaysOfMonth & byWeekday : fields.DaysOfMonth | byWeekday;
        return days & ((2UL << DateTime.DaysInMonth(year, month)) - 2);
    }

    private static bool IsIn(ulong set, int value) => (set >> value & 1) != 0;

    /// <summary>The least member of at least this value, which is at most 63; -1 when there is none.</summary>
    private static int From(ulong set, int value)
    {
        var rest = set >> value << value;
        return rest == 0 ? -1 : BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>The greatest member of at most this value, which is from -1 to 62; -1 when there is none.</summary>
    private static int UpTo(ulong set, int value)
    {
        var rest = set & ((1UL << (value + 1)) - 1);
        return rest == 0 ? -1 : BitOperations.Log2(rest);
    }
}
