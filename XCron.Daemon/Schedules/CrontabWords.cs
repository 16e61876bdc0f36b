using System.Globalization;
using System.Numerics;

namespace XCron.Daemon.Schedules;

/// <summary>
/// Says a crontab line in English: first the time of day, then the days, then the months. Two lines that fire at
/// different times are never described alike (but for daylight saving, of which nothing is said).
/// </summary>
internal static class CrontabWords
{
    private const int MostTimesToList = 6;

    /// <summary>Fewer values than this are better listed than told by their step.</summary>
    private const int FewestInSteps = 4;

    private static readonly string[] Weekdays =
        ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];

    public static string Describe(CrontabFields fields) => $"{Times(fields)}, {Days(fields)}{Months(fields)}.";

    /// <summary>"a", "a and b", "a, b and c".</summary>
    public static string Join(IReadOnlyList<string> parts) =>
        parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";

    private static string Times(CrontabFields fields)
    {
        var isOnTheMinute = fields.Seconds == 1;
        var timesOfDay = BitOperations.PopCount(fields.Hours) * BitOperations.PopCount(fields.Minutes);
        if (timesOfDay <= MostTimesToList && BitOperations.PopCount(fields.Seconds) == 1)
            return "At " + Join(TimesOfDay(fields));

        var hours = fields.Hours == CrontabFields.AllHours ? "every hour" : Of(fields.Hours, 23, "hour");
        var minutes = fields.Minutes == CrontabFields.AllSixty ? "every minute" : Of(fields.Minutes, 59, "minute");
        if (isOnTheMinute)
            return WholeStep(fields.Minutes, "minute") is { } everyMinutes
                ? everyMinutes + (fields.Hours == CrontabFields.AllHours ? "" : $" of {hours}")
                : $"At {minutes} of {hours}";

        // "Of every minute of every hour" goes without saying where it ends the sentence.
        var ofHours = fields.Hours == CrontabFields.AllHours && fields.Minutes == CrontabFields.AllSixty
            ? ""
            : $" of {hours}";
        var everySeconds = WholeStep(fields.Seconds, "second");
        var ofMinutes = ofHours.Length == 0 && everySeconds is not null ? "" : $" of {minutes}";
        return (everySeconds ?? "At " + Of(fields.Seconds, 59, "second")) + ofMinutes + ofHours;
    }

    private static List<string> TimesOfDay(CrontabFields fields)
    {
        var second = BitOperations.TrailingZeroCount(fields.Seconds);
        List<string> times = [];
        foreach (var hour in Members(fields.Hours))
        {
            foreach (var minute in Members(fields.Minutes))
                times.Add($"{hour:00}:{minute:00}{(second == 0 ? "" : $":{second:00}")}");
        }

        return times;
    }

    /// <summary>"Every minute", "Every 5 minutes": only where the step goes evenly round the hour.</summary>
    private static string? WholeStep(ulong set, string unit)
    {
        if (set == CrontabFields.AllSixty)
            return $"Every {unit}";
        var step = StepOf(set, 59, fewest: 2);
        return step > 0 && 60 % step == 0 && (set & 1) != 0 ? Text($"Every {step} {unit}s") : null;
    }

    /// <summary>"minute 5", "minutes 0, 10 and 15 to 20", "every 7th minute from 0 to 56".</summary>
    private static string Of(ulong set, int high, string unit)
    {
        if (BitOperations.PopCount(set) == 1)
            return Text($"{unit} {BitOperations.Log2(set)}");
        var step = StepOf(set, high, FewestInSteps);
        if (step == 0)
            return $"{unit}s {Join(Runs(set, static value => Text($"{value}")))}";
        var (first, last) = (BitOperations.TrailingZeroCount(set), BitOperations.Log2(set));
        return Text($"every {Ordinal(step)} {unit} from {first} to {last}");
    }

    private static string Days(CrontabFields fields)
    {
        var allOfMonth = fields.DaysOfMonth == CrontabFields.AllDaysOfMonth;
        var allOfWeek = fields.DaysOfWeek == CrontabFields.AllDaysOfWeek;
        if (allOfMonth && allOfWeek || !fields.DayMatchesBoth && (allOfMonth || allOfWeek))
            return "every day";
        if (allOfMonth)
            return "on " + DaysOfWeek(fields);
        if (allOfWeek)
            return "on " + DaysOfMonth(fields);
        return fields.DayMatchesBoth
            ? $"on {DaysOfMonth(fields)} where these are {DaysOfWeek(fields)} (both must match)"
            : $"on {DaysOfMonth(fields)} and on {DaysOfWeek(fields)} (either is enough)";
    }

    private static string DaysOfMonth(CrontabFields fields)
    {
        var step = StepOf(fields.DaysOfMonth, 31, FewestInSteps);
        if (step == 0)
            return $"the {Join(Runs(fields.DaysOfMonth, Ordinal))} of the month";
        var first = BitOperations.TrailingZeroCount(fields.DaysOfMonth);
        return $"every {Ordinal(step)} day from the {Ordinal(first)} to the "
            + $"{Ordinal(BitOperations.Log2(fields.DaysOfMonth))} of the month";
    }

    private static string DaysOfWeek(CrontabFields fields)
    {
        // The week in words begins on Monday.
        var fromMonday = (ulong)(fields.DaysOfWeek >> 1 | (fields.DaysOfWeek & 1) << 6);
        return Join(Runs(fromMonday, static day => Weekdays[day]));
    }

    private static string Months(CrontabFields fields) => fields.Months == CrontabFields.AllMonths
        ? ""
        : " in " + Join(Runs(fields.Months, CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName));

    /// <summary>The step by which the set goes from its first value to the end; 0 if by none or with too few.</summary>
    private static int StepOf(ulong set, int high, int fewest)
    {
        var members = Members(set);
        if (members.Count < fewest)
            return 0;
        var step = members[1] - members[0];
        for (var i = 2; i < members.Count; i++)
        {
            if (members[i] - members[i - 1] != step)
                return 0;
        }

        return step > 1 && members[^1] + step > high ? step : 0;
    }

    /// <summary>The members by name, three or more that follow each other as "a to c".</summary>
    private static List<string> Runs(ulong set, Func<int, string> name)
    {
        var members = Members(set);
        List<string> parts = [];
        for (var i = 0; i < members.Count; i++)
        {
            var last = i;
            while (last + 1 < members.Count && members[last + 1] == members[last] + 1)
                last++;
            if (last - i < 2)
            {
                parts.Add(name(members[i]));
                continue;
            }

            parts.Add($"{name(members[i])} to {name(members[last])}");
            i = last;
        }

        return parts;
    }

    private static List<int> Members(ulong set)
    {
        List<int> members = [];
        for (var rest = set; rest != 0; rest &= rest - 1)
            members.Add(BitOperations.TrailingZeroCount(rest));
        return members;
    }

    private static string Ordinal(int value) => Text($"{value}{(value % 100 / 10 == 1 ? 0 : value % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    }}");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
