using System.Globalization;

namespace XCron.Daemon.Schedules;

/// <summary>What to say of a range such as 22-2, which holds nothing in crontab and was meant to go round.</summary>
internal static class BackwardRange
{
    public static string Show(int first, int last, int step) =>
        $"{Text(first)}-{Text(last)}{(step > 1 ? "/" + Text(step) : "")}";

    /// <summary>The same values as crontab has them: on to the highest and then from the lowest.</summary>
    public static string Forward(FieldSpec spec, int first, int last, int step)
    {
        // A week may end on Sunday as well as begin with it.
        if (spec == FieldSpec.DayOfWeek && last == 0 && step == 1)
            return Part(first, 7);
        if (spec == FieldSpec.DayOfWeek && first == 7)
            return step == 1 ? Part(0, last) : Show(0, last, step);
        if (step == 1)
            return Part(first, spec.LastDistinct) + "," + Part(spec.Low, last);

        var size = spec.LastDistinct - spec.Low + 1;
        List<string> values = [];
        for (var value = first; value <= last + size; value += step)
            values.Add(Text(value > spec.LastDistinct ? value - size : value));
        return string.Join(",", values);
    }

    private static string Part(int first, int last) => first == last ? Text(first) : Show(first, last, 1);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
