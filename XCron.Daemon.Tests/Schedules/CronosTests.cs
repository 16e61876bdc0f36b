using Cronos;
using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

/// <summary>
/// Against Cronos, where both mean the same: one of the day fields a plain star, and around a change of the clock only
/// plain numbers (fixed) or stars (following the clock) as minute and hour.
/// </summary>
internal sealed class CronosTests
{
    [Test]
    public void Random_expressions_agree_in_utc([Range(1, 8)] int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 250; i++)
        {
            var expression = RandomExpression(random);
            var theirs = CronExpression.Parse(expression);
            var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(random.Next(5_000_000));
            var parsed = ScheduleParser.Parse(expression, "UTC", Ms(start));
            if (theirs.GetNextOccurrence(start) is null)
            {
                Assert.That(parsed, Is.TypeOf<ScheduleParse.NeverFires>(), $"{expression}, seed {seed}");
                continue;
            }

            var ours = ((ScheduleParse.Parsed)parsed).Schedule;
            var at = start;
            for (var k = 0; k < 20 && theirs.GetNextOccurrence(at) is { } next; k++)
            {
                if (ours.NextAfter(Ms(at)) != Ms(next))
                    Assert.Fail($"{expression} after {at:u}: {next:u}, not {ours.NextAfter(Ms(at))}; seed {seed}");
                at = next;
            }
        }
    }

    [Test]
    public void Fixed_and_wildcard_times_agree_through_changes_of_the_clock(
        [Values("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai")] string timezone,
        [Values("30 2 * * *", "15 1 * * *", "0 2 * * *", "45 1 * * *", "* * * * *")] string expression)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(timezone);
        var theirs = CronExpression.Parse(expression);
        var ours = Crontab.Schedule(expression, timezone);
        var at = new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (var k = 0; k < 2000; k++)
        {
            var next = theirs.GetNextOccurrence(at, zone)!.Value;
            if (ours.NextAfter(Ms(at)) != Ms(next))
                Assert.Fail($"after {at:u}: {next:u}, not {Crontab.Show(ours.NextAfter(Ms(at)))}");

            // The minutely one would stay in January.
            at = expression[0] == '*' ? next.AddMinutes(k * 7 % 1000) : next;
        }
    }

    private static long Ms(DateTime utc) => new DateTimeOffset(utc, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static string RandomExpression(Random random)
    {
        var dayOfMonth = random.Next(2) == 0 ? "*" : Field(random, 1, 31);
        var dayOfWeek = dayOfMonth == "*" && random.Next(2) == 0 ? Field(random, 0, 6) : "*";
        var month = random.Next(2) == 0 ? "*" : Field(random, 1, 12);
        return $"{Field(random, 0, 59)} {Field(random, 0, 23)} {dayOfMonth} {month} {dayOfWeek}";
    }

    private static string Field(Random random, int low, int high)
    {
        var first = random.Next(low, high + 1);
        var last = random.Next(first, high + 1);
        return random.Next(6) switch
        {
            0 => "*",
            1 => $"{first}",
            2 => $"{first}-{last}",
            3 => $"{first}-{last}/{random.Next(1, 7)}",
            4 => $"*/{random.Next(1, high - low + 1)}",
            _ => $"{first},{last},{random.Next(low, high + 1)}",
        };
    }
}
