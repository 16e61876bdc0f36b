using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

internal sealed class ScheduleParserTests
{
    [TestCase("60 * * * *", "minute", "'60'", "0 to 59")]
    [TestCase("* 24 * * *", "hour", "'24'", "0 to 23")]
    [TestCase("* * 0 * *", "day-of-month", "'0'", "1 to 31")]
    [TestCase("* * 32 * *", "day-of-month", "'32'", "1 to 31")]
    [TestCase("* * * 13 *", "month", "'13'", "1 to 12 or jan to dec")]
    [TestCase("* * * * 8", "day-of-week", "'8'", "0 to 7 or sun to sat")]
    [TestCase("60 * * * * *", "second", "'60'", "0 to 59")]
    [TestCase("5-64/30 * * * *", "minute", "'64'", "0 to 59")]
    [TestCase("99999999999999999999 * * * *", "minute", "'99999999999999999999'", "0 to 59")]
    [TestCase("*/0 * * * *", "minute", "'*/0'", "1 or more")]
    [TestCase("*/ * * * *", "minute", "'*/'", "*/5")]
    [TestCase("*/x * * * *", "minute", "'*/x'", "*/5")]
    [TestCase("1,,2 * * * *", "minute", "'1,,2'", "missing")]
    [TestCase("1, * * * *", "minute", "'1,'", "missing")]
    [TestCase("1- * * * *", "minute", "'1-'", "missing")]
    [TestCase("-1 * * * *", "minute", "'-1'", "0 to 59")]
    [TestCase("*5 * * * *", "minute", "'5'", "*/n")]
    [TestCase("*-5 * * * *", "minute", "'-5'", "ranges")]
    [TestCase("1-5-9 * * * *", "minute", "'-9'", "ranges")]
    [TestCase("1/2/3 * * * *", "minute", "'/3'", "ranges")]
    [TestCase("1.5 * * * *", "minute", "'.5'", "0 to 59")]
    [TestCase("0~30 * * * *", "minute", "'0~30'", "jitter")]
    [TestCase("٣ * * * *", "minute", "'٣'", "0 to 59")]
    [TestCase("jan * * * *", "minute", "'jan'", "no names")]
    [TestCase("0 0 * january *", "month", "'january'", "jan, feb")]
    [TestCase("0 0 * * monday", "day-of-week", "'monday'", "sun, mon")]
    [TestCase("0 0 * * jan", "day-of-week", "'jan'", "sun to sat")]
    [TestCase("0 0 L * *", "day-of-month", "'L'", "not crontab's")]
    [TestCase("0 0 15W * *", "day-of-month", "'W'", "1 to 31")]
    [TestCase("0 0 * * 5#2", "day-of-week", "'#2'", "sun to sat")]
    [TestCase("", "expression", "empty", "minute hour day-of-month month day-of-week")]
    [TestCase("   ", "expression", "empty", "@every")]
    [TestCase("*", "expression", "1 field;", "five")]
    [TestCase("* * * *", "expression", "4 fields", "five")]
    [TestCase("* * * * * * *", "expression", "7 fields", "six")]
    [TestCase("0 0 * * *\n", "day-of-week", "cannot be read", "sun to sat")]
    [TestCase("@reboot", "expression", "@reboot", "times")]
    [TestCase("@REBOOT", "expression", "@reboot", "times")]
    [TestCase("@fortnightly", "expression", "'@fortnightly'", "@weekly")]
    [TestCase("@", "expression", "'@'", "@weekly")]
    [TestCase("@daily 5", "expression", "'5'", "alone")]
    [TestCase("@every", "expression", "missing", "@every 1h30m")]
    [TestCase("@every 5", "expression", "'5'", "@every 1h30m")]
    [TestCase("@every h", "expression", "'h'", "@every 1h30m")]
    [TestCase("@every 1d", "expression", "'1d'", "h, m, s")]
    [TestCase("@every 1h 30m", "expression", "'1h 30m'", "@every 1h30m")]
    [TestCase("@every -5m", "expression", "'-5m'", "@every 1h30m")]
    [TestCase("@every 1..5h", "expression", "'1..5h'", "@every 1h30m")]
    [TestCase("@every 999ms", "expression", "'999ms'", "at least 1s")]
    [TestCase("@every 0s", "expression", "'0s'", "at least 1s")]
    [TestCase("@every 876001h", "expression", "'876001h'", "876000h")]
    [TestCase("@every 999999999999h999999999999h", "expression", "out of range", "876000h")]
    [TestCase("@every 1.0005s", "expression", "'1.0005s'", "whole number of milliseconds")]
    public void A_wrong_expression_is_refused_with_field_value_and_what_is_right(
        string expression, string field, string value, string right)
    {
        var parsed = ScheduleParser.Parse(expression, "UTC", 0);

        Assert.That(parsed, Is.TypeOf<ScheduleParse.BadExpression>());
        var refused = (ScheduleParse.BadExpression)parsed;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Field, Is.EqualTo(field));
            Assert.That(refused.Message, Does.StartWith(field).And.Contain(value).And.Contain(right).And.EndWith("."));
        }
    }

    [TestCase("0 22-2 * * *", "hour field '22-2'", "write 22-23,0-2.")]
    [TestCase("0 1,22-2 * * *", "hour field '1,22-2'", "write 22-23,0-2.")]
    [TestCase("0 23-0 * * *", "hour field '23-0'", "write 23,0.")]
    [TestCase("0 22-3/2 * * *", "hour field '22-3/2'", "write 22,0,2.")]
    [TestCase("0 0 * nov-feb *", "month field 'nov-feb'", "write 11-12,1-2.")]
    [TestCase("0 0 28-3 * *", "day-of-month field '28-3'", "write 28-31,1-3.")]
    [TestCase("0 0 * * fri-mon", "day-of-week field 'fri-mon'", "write 5-6,0-1.")]
    [TestCase("0 0 * * 5-0", "day-of-week field '5-0'", "write 5-7.")]
    [TestCase("0 0 * * 7-2", "day-of-week field '7-2'", "write 0-2.")]
    [TestCase("0 0 30 2 *", "day-of-month '30'", "month '2'")]
    [TestCase("0 0 31 4,6,9,11 *", "day-of-month '31'", "month '4,6,9,11'")]
    [TestCase("TZ=America/New_York */5 2 8-14 3 */7", "hour '2'", "in America/New_York")]
    public void What_never_fires_is_refused_with_a_hint(string expression, string field, string hint)
    {
        var parsed = ScheduleParser.Parse(expression, "UTC", Crontab.Ms("2026-01-01"));

        Assert.That(parsed, Is.TypeOf<ScheduleParse.NeverFires>());
        Assert.That(((ScheduleParse.NeverFires)parsed).Message, Does.Contain(field).And.Contain(hint));
    }

    [Test]
    public void Every_hint_for_a_backward_range_is_itself_right()
    {
        for (var first = 0; first < 24; first++)
        {
            for (var last = 0; last < first; last++)
            {
                for (var step = 1; step < 5; step++)
                {
                    var line = $"0 {first}-{last}/{step} * * *";
                    var refused = (ScheduleParse.NeverFires)ScheduleParser.Parse(line, "UTC", 0);
                    var hint = refused.Message[(refused.Message.IndexOf("write ", StringComparison.Ordinal) + 6)..^1];

                    var hours = Crontab.Schedule($"0 {hint} * * *").Next($"2026-01-01 {first:00}:00", 24)
                        .Select(time => int.Parse(time[11..13])).Distinct().Order();
                    var expected = Enumerable.Range(0, 24).Where(i => first + i <= last + 24 && i % step == 0)
                        .Select(i => (first + i) % 24).Order();
                    Assert.That(hours, Is.EqualTo(expected), refused.Message);
                }
            }
        }
    }

    [Test]
    public void A_long_expression_is_refused_and_a_long_value_is_cut_in_the_message()
    {
        Assert.That(
            ScheduleParser.Parse(new string('*', 1025), "UTC", 0),
            Is.TypeOf<ScheduleParse.BadExpression>().With.Property("Message").Contains("1024"));
        Assert.That(
            ScheduleParser.Parse(new string('x', 1000) + " * * * *", "UTC", 0),
            Is.TypeOf<ScheduleParse.BadExpression>().With.Property("Message").Length.LessThan(200));
    }

    [TestCase("0 1 * * *", "Asia/Shanghai", "Asia/Shanghai")]
    [TestCase("CRON_TZ=America/New_York 0 1 * * *", "Asia/Shanghai", "America/New_York")]
    [TestCase("TZ=UTC @daily", "Asia/Shanghai", "UTC")]
    [TestCase("TZ=Etc/GMT+8 @every 5m", "UTC", "Etc/GMT+8")]
    [TestCase("TZ=America/Argentina/Buenos_Aires @daily", "Asia/Shanghai", "America/Argentina/Buenos_Aires")]
    public void The_zone_is_the_expressions_own_or_else_the_default(string expression, string timezone, string expected)
    {
        var parsed = ScheduleParser.Parse(expression, timezone, 0);

        Assert.That(parsed, Is.TypeOf<ScheduleParse.Parsed>().With.Property("Timezone").EqualTo(expected));
    }

    [TestCase("", "such as")]
    [TestCase("Mars/Olympus", "such as")]
    [TestCase("asia/shanghai", "perhaps Asia/Shanghai")]
    [TestCase("Shanghai", "perhaps Asia/Shanghai")]
    [TestCase("new york", "perhaps America/New_York")]
    [TestCase("AMERICA/NEW_YORK", "perhaps America/New_York")]
    [TestCase("US/Shanghai", "perhaps Asia/Shanghai")]
    [TestCase("est5edt", "perhaps EST5EDT")]
    [TestCase("China Standard Time", "such as")]
    [TestCase("../../../etc/passwd", "such as")]
    [TestCase("/usr/share/zoneinfo/UTC", "IANA")]
    [TestCase("Asia//Shanghai", "perhaps Asia/Shanghai")]
    [TestCase("Asia/./Shanghai", "perhaps Asia/Shanghai")]
    [TestCase("America", "such as")]
    [TestCase("tzdata.zi", "such as")]
    [TestCase("leapseconds", "such as")]
    [TestCase("right/UTC", "IANA")]
    [TestCase("posix/Asia/Shanghai", "perhaps Asia/Shanghai")]
    [TestCase("localtime", "such as")]
    [TestCase("Local", "such as")]
    [TestCase("+08:00", "such as")]
    [TestCase("CST-8", "such as")]
    public void An_unknown_zone_is_refused_with_a_near_one_if_there_is_any(string timezone, string hint)
    {
        var parsed = ScheduleParser.Parse("0 1 * * *", timezone, 0);

        Assert.That(parsed, Is.TypeOf<ScheduleParse.UnknownTimezone>());
        var refused = (ScheduleParse.UnknownTimezone)parsed;
        Assert.That(refused.Timezone, Is.EqualTo(timezone));
        Assert.That(refused.Message, Does.StartWith("timezone").And.Contain(hint));
    }
}
