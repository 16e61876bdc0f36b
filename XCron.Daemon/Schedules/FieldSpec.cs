namespace XCron.Daemon.Schedules;

/// <summary>One field of a crontab line: what it is called and which values it takes.</summary>
internal sealed class FieldSpec
{
    private FieldSpec(string name, int low, int high, params string[] names)
    {
        Name = name;
        Low = low;
        High = high;
        Names = names;
    }

    public static FieldSpec Second { get; } = new("second", 0, 59);

    public static FieldSpec Minute { get; } = new("minute", 0, 59);

    public static FieldSpec Hour { get; } = new("hour", 0, 23);

    public static FieldSpec DayOfMonth { get; } = new("day-of-month", 1, 31);

    public static FieldSpec Month { get; } = new(
        "month", 1, 12, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

    /// <summary>0 and 7 are both Sunday.</summary>
    public static FieldSpec DayOfWeek { get; } = new(
        "day-of-week", 0, 7, "sun", "mon", "tue", "wed", "thu", "fri", "sat");

    public string Name { get; }

    public int Low { get; }

    public int High { get; }

    /// <summary>Names of the values from <see cref="Low"/> on; empty where there are none.</summary>
    public string[] Names { get; }

    /// <summary>The last value by which "N/s" goes on: Saturday for weekdays, whose 7 is 0 again.</summary>
    public int LastDistinct => this == DayOfWeek ? 6 : High;

    /// <summary>What the field takes, in words, for messages.</summary>
    public string Takes => Names.Length == 0
        ? $"{Low} to {High}"
        : $"{Low} to {High} or {Names[0]} to {Names[^1]}";
}
