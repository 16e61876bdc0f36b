using System.Buffers;
using System.Globalization;

namespace XCron.Daemon.Schedules;

/// <summary>Reads the duration of "@every": numbers with the units h, m, s and ms, as in 1h30m, 90s, 1.5h.</summary>
internal static class IntervalParser
{
    private const string Right = "write numbers with the units h, m, s or ms, such as @every 1h30m";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static ScheduleParse Parse(ReadOnlySpan<char> duration, string timezone, long startUnixMs)
    {
        var milliseconds = 0m;
        for (var rest = duration; !rest.IsEmpty;)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            var unit = digits < 1 ? 0 : UnitMs(rest[digits..]);
            if (unit == 0 || digits > 12
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out var number))
            {
                return Refuse(duration, $"cannot be read; {Right}");
            }

            milliseconds += number * unit;
            rest = rest[(digits + (unit == 1 ? 2 : 1))..];
        }

        if (duration.IsEmpty)
            return Refuse(duration, $"is missing; {Right}");
        if (milliseconds != decimal.Truncate(milliseconds))
            return Refuse(duration, "is not a whole number of milliseconds; must be one");
        if (milliseconds is < IntervalSchedule.ShortestMs or > IntervalSchedule.LongestMs)
            return Refuse(duration, "is out of range; must be at least 1s and at most 876000h (100 years)");
        return new ScheduleParse.Parsed(new IntervalSchedule(startUnixMs, (long)milliseconds), timezone);
    }

    /// <summary>The unit's milliseconds; 0 if it is none.</summary>
    private static int UnitMs(ReadOnlySpan<char> text) => text switch
    {
        ['h', ..] => 3_600_000,
        ['m', 's', ..] => 1,
        ['m', ..] => 60_000,
        ['s', ..] => 1000,
        _ => 0,
    };

    private static ScheduleParse.BadExpression Refuse(ReadOnlySpan<char> duration, string what)
    {
        const int Longest = 40;
        var shown = duration.Length <= Longest ? duration.ToString() : $"{duration[..Longest]}...";
        return new ScheduleParse.BadExpression("expression", $"expression: the interval '{shown}' of @every {what}.");
    }
}
