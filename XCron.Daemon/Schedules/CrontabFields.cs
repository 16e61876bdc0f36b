namespace XCron.Daemon.Schedules;

/// <summary>The fields of a crontab line as sets: value n is in a set when bit n is 1.</summary>
internal sealed class CrontabFields
{
    public const ulong AllSixty = (1UL << 60) - 1;
    public const uint AllHours = (1U << 24) - 1;
    public const uint AllDaysOfMonth = uint.MaxValue - 1;
    public const ushort AllMonths = (1 << 13) - 2;
    public const byte AllDaysOfWeek = (1 << 7) - 1;

    public required ulong Seconds { get; init; }

    public required ulong Minutes { get; init; }

    public required uint Hours { get; init; }

    public required uint DaysOfMonth { get; init; }

    public required ushort Months { get; init; }

    /// <summary>0 is Sunday; there is no 7.</summary>
    public required byte DaysOfWeek { get; init; }

    /// <summary>
    /// crontab(5): a day must be in both day fields where one of them begins with a star; else being in one is enough.
    /// </summary>
    public required bool DayMatchesBoth { get; init; }

    /// <summary>
    /// cron(8): a job whose minute or hour begins with a star follows the clock through a change of daylight saving;
    /// any other runs once for each of its times of day.
    /// </summary>
    public required bool FollowsClock { get; init; }
}
