using System.Globalization;

namespace XCron.Daemon.Schedules;

/// <summary>
/// Reads what a periodic task gives as its format: a linux crontab expression of five fields, of six with seconds
/// first, a macro or an interval, each with a time zone before it or not.
/// </summary>
internal static class ScheduleParser
{
    private const int LongestExpression = 1024;
    private const string FiveFields = "minute hour day-of-month month day-of-week";
    private const string Macros = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every";

    /// <param name="expression">The expression.</param>
    /// <param name="defaultTimezone">The IANA zone for an expression that names none.</param>
    /// <param name="startUnixMs">The task's start, from which @every counts and the first occurrence is sought.</param>
    public static ScheduleParse Parse(string expression, string defaultTimezone, long startUnixMs)
    {
        if (expression.Length > LongestExpression)
            return Refuse($"is {expression.Length} characters long; must be at most {LongestExpression}");

        var rest = expression.AsSpan().Trim(" \t");
        var timezone = TakeTimezone(ref rest) ?? defaultTimezone;
        if (!ZoneCatalog.TryFind(timezone, out var clock))
            return RefuseTimezone(timezone);
        if (rest.IsEmpty)
            return Refuse($"is empty; must be five fields ({FiveFields}), six (second first), or one of {Macros}");

        var word = TakeWord(ref rest);
        if (word[0] != '@')
            return ParseFields(word, rest, clock, startUnixMs);
        if (word.Equals("@every", StringComparison.OrdinalIgnoreCase))
            return IntervalParser.Parse(rest, clock.Timezone, startUnixMs);
        if (word.Equals("@reboot", StringComparison.OrdinalIgnoreCase))
            return Refuse("has @reboot, which a cluster that outlives its machines has no moment for; give times");
        if (MacroFields(word) is not { } line)
            return Refuse($"has the unknown macro '{Shorten(word)}'; must be one of {Macros}");
        if (!rest.IsEmpty)
            return Refuse($"has '{Shorten(rest)}' after {word}; must be the macro alone");

        rest = line;
        return ParseFields(TakeWord(ref rest), rest, clock, startUnixMs);
    }

    /// <summary>Whether the expression begins with a time zone of its own.</summary>
    public static bool NamesTimezone(string expression)
    {
        var rest = expression.AsSpan().Trim(" \t");
        return TakeTimezone(ref rest) is not null;
    }

    private static ScheduleParse ParseFields(
        ReadOnlySpan<char> first, ReadOnlySpan<char> rest, ZoneClock clock, long startUnixMs)
    {
        var count = CountWords(rest) + 1;
        if (count is not (5 or 6))
        {
            var had = string.Create(CultureInfo.InvariantCulture, $"has {count} field{(count == 1 ? "" : "s")}");
            return Refuse($"{had}; must be five ({FiveFields}), or six with the second before them");
        }

        var second = count == 6 ? first : "0";
        var minute = count == 6 ? TakeWord(ref rest) : first;
        var hour = TakeWord(ref rest);
        var dayOfMonth = TakeWord(ref rest);
        var month = TakeWord(ref rest);
        var dayOfWeek = rest;

        if (FieldParser.Parse(FieldSpec.Second, second, out var refusal) is not { } seconds
            || FieldParser.Parse(FieldSpec.Minute, minute, out refusal) is not { } minutes
            || FieldParser.Parse(FieldSpec.Hour, hour, out refusal) is not { } hours
            || FieldParser.Parse(FieldSpec.DayOfMonth, dayOfMonth, out refusal) is not { } daysOfMonth
            || FieldParser.Parse(FieldSpec.Month, month, out refusal) is not { } months
            || FieldParser.Parse(FieldSpec.DayOfWeek, dayOfWeek, out refusal) is not { } daysOfWeek)
        {
            return refusal!;
        }

        var schedule = new CrontabSchedule(
            new CrontabFields
            {
                Seconds = seconds,
                Minutes = minutes,
                Hours = (uint)hours,
                DaysOfMonth = (uint)daysOfMonth,
                Months = (ushort)months,
                DaysOfWeek = (byte)daysOfWeek,
                DayMatchesBoth = FieldParser.BeginsWithStar(dayOfMonth) || FieldParser.BeginsWithStar(dayOfWeek),
                FollowsClock = FieldParser.BeginsWithStar(minute) || FieldParser.BeginsWithStar(hour),
            },
            clock);
        if (schedule.NextAfter(startUnixMs) != 0)
            return new ScheduleParse.Parsed(schedule, clock.Timezone);
        return new ScheduleParse.NeverFires(
            $"expression never fires: in {clock.Timezone} no day with day-of-month '{Shorten(dayOfMonth)}', "
            + $"month '{Shorten(month)}' and day-of-week '{Shorten(dayOfWeek)}' has the time "
            + $"minute '{Shorten(minute)}' hour '{Shorten(hour)}'; give days and times that exist.");
    }

    private static string? MacroFields(ReadOnlySpan<char> macro)
    {
        Span<char> lower = stackalloc char[16];
        var length = macro.Length > lower.Length ? 0 : macro.ToLowerInvariant(lower);
        return lower[..length] switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => null,
        };
    }

    private static string? TakeTimezone(ref ReadOnlySpan<char> rest)
    {
        var equals = rest.StartsWith("CRON_TZ=") ? "CRON_TZ=".Length : rest.StartsWith("TZ=") ? "TZ=".Length : 0;
        if (equals == 0)
            return null;
        return TakeWord(ref rest)[equals..].ToString();
    }

    /// <summary>Takes the first word and the blanks after it.</summary>
    private static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(' ', '\t');
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..].TrimStart(" \t");
        return word;
    }

    private static int CountWords(ReadOnlySpan<char> rest)
    {
        var count = 0;
        for (; !rest.IsEmpty; count++)
            TakeWord(ref rest);
        return count;
    }

    private static ScheduleParse.UnknownTimezone RefuseTimezone(string timezone)
    {
        var shown = Shorten(timezone);
        var hint = ZoneCatalog.FindNear(timezone) is { } near ? $", perhaps {near}" : ", such as Asia/Shanghai or UTC";
        return new ScheduleParse.UnknownTimezone(
            timezone, $"timezone '{shown}' is not known on this machine; must be an IANA time zone{hint}.");
    }

    private static ScheduleParse.BadExpression Refuse(string what) => new("expression", $"expression {what}.");

    private static string Shorten(ReadOnlySpan<char> text)
    {
        const int Longest = 40;
        return text.Length <= Longest ? text.ToString() : $"{text[..Longest]}...";
    }
}
