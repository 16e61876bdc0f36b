namespace XCron.Daemon.Tests.Schedules;

internal sealed class CrontabWordsTests
{
    [TestCase("* * * * *", "Every minute, every day.")]
    [TestCase("*/5 * * * *", "Every 5 minutes, every day.")]
    [TestCase("*/7 * * * *", "At every 7th minute from 0 to 56 of every hour, every day.")]
    [TestCase("0 1 * * *", "At 01:00, every day.")]
    [TestCase("@daily", "At 00:00, every day.")]
    [TestCase("@hourly", "At minute 0 of every hour, every day.")]
    [TestCase("30 9,17 * * mon-fri", "At 09:30 and 17:30, on Mondays to Fridays.")]
    [TestCase("0,30 9-17 * * 1-5", "Every 30 minutes of hours 9 to 17, on Mondays to Fridays.")]
    [TestCase("*/15 9-17 * * *", "Every 15 minutes of hours 9 to 17, every day.")]
    [TestCase("0 */2 * * *", "At minute 0 of every 2nd hour from 0 to 22, every day.")]
    [TestCase("* 3 * * *", "Every minute of hour 3, every day.")]
    [TestCase("0 0 13 * 5", "At 00:00, on the 13th of the month and on Fridays (either is enough).")]
    [TestCase(
        "0 0 */2 * 1",
        "At 00:00, on every 2nd day from the 1st to the 31st of the month where these are Mondays (both must match).")]
    [TestCase("0 0 1-31 * 1", "At 00:00, every day.")]
    [TestCase("0 0 1,15 * *", "At 00:00, on the 1st and 15th of the month.")]
    [TestCase("0 0 1-7,21,22,23 * *", "At 00:00, on the 1st to 7th and 21st to 23rd of the month.")]
    [TestCase("0 0 * * 6,0", "At 00:00, on Saturdays and Sundays.")]
    [TestCase("0 0 * * fri-sun", "At 00:00, on Fridays to Sundays.")]
    [TestCase(
        "0 0 29 2 */7",
        "At 00:00, on the 29th of the month where these are Sundays (both must match) in February.")]
    [TestCase("0 12 1 jan-mar,6 *", "At 12:00, on the 1st of the month in January to March and June.")]
    [TestCase("@yearly", "At 00:00, on the 1st of the month in January.")]
    [TestCase("* * * * * *", "Every second, every day.")]
    [TestCase("*/10 * * * * *", "Every 10 seconds, every day.")]
    [TestCase("5 * * * * *", "At second 5 of every minute, every day.")]
    [TestCase("15 30 8 * * *", "At 08:30:15, every day.")]
    [TestCase("0,30 0 * * * *", "Every 30 seconds of minute 0 of every hour, every day.")]
    [TestCase("10,30,31 0 * * * *", "At seconds 10, 30 and 31 of minute 0 of every hour, every day.")]
    [TestCase("* * 9 * * *", "Every second of every minute of hour 9, every day.")]
    [TestCase("*/20 5-10 * * * *", "Every 20 seconds of minutes 5 to 10 of every hour, every day.")]
    public void Says_it_in_words(string expression, string expected) =>
        Assert.That(Crontab.Schedule(expression).Describe(), Is.EqualTo(expected));

    [Test]
    public void Lines_described_alike_fire_alike([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        Dictionary<string, (string Expression, string Times)> described = [];
        var met = 0;
        for (var i = 0; i < 4000; i++)
        {
            var expression = string.Join(' ', Seconds(random), Field(random, 0, 59), Field(random, 0, 23),
                Field(random, 1, 31), Field(random, 1, 12), Field(random, 0, 7));
            var schedule = Crontab.Schedule(expression);
            var times = string.Join(
                ' ', schedule.Next("2027-12-01", 12).Concat(schedule.Next("2028-06-29 11:37:20", 12)));
            var words = schedule.Describe();
            if (described.TryAdd(words, (expression, times)))
                continue;
            met++;
            Assert.That(times, Is.EqualTo(described[words].Times),
                $"'{expression}' and '{described[words].Expression}' are both '{words}'; seed {seed}");
        }

        Assert.That(met, Is.AtLeast(10), "some are described alike");
    }

    private static string Seconds(Random random) => random.Next(3) == 0 ? Field(random, 0, 59) : "0";

    /// <summary>Few forms, so that some lines are met again in another spelling; no day that is nowhere.</summary>
    private static string Field(Random random, int low, int high)
    {
        var first = random.Next(low, low + 4);
        return random.Next(8) switch
        {
            0 => $"{first}",
            1 => $"{first}-{high - 1}",
            2 => $"{low}-{high}",
            3 => $"{first}/2",
            4 => $"*/{random.Next(1, 4)}",
            5 => $"{first},{first + 2}",
            _ => "*",
        };
    }
}
