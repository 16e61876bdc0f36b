namespace XCron.Daemon.Schedules;

/// <summary>What became of an expression. Every message names the field, its value and what would be right.</summary>
internal abstract record ScheduleParse
{
    private protected ScheduleParse()
    {
    }

    /// <param name="Schedule">The schedule.</param>
    /// <param name="Timezone">The zone it follows: the expression's own (CRON_TZ=) where it names one.</param>
    public sealed record Parsed(ISchedule Schedule, string Timezone) : ScheduleParse;

    /// <param name="Field">"minute", "day-of-week" and so on; "expression" where it is none of them.</param>
    /// <param name="Message">What is wrong and what would be right.</param>
    public sealed record BadExpression(string Field, string Message) : ScheduleParse;

    public sealed record NeverFires(string Message) : ScheduleParse;

    public sealed record UnknownTimezone(string Timezone, string Message) : ScheduleParse;
}
