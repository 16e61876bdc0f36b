using XCron.Daemon.Schedules;

namespace XCron.Daemon.Tests.Schedules;

internal sealed class ZoneClockTests
{
    [TestCase("America/New_York")]
    [TestCase("Africa/Casablanca")]
    [TestCase("Europe/Dublin")]
    [TestCase("Australia/Lord_Howe")]
    [TestCase("Pacific/Apia")]
    [TestCase("Asia/Gaza")]
    [TestCase("UTC")]
    public void Segments_hold_the_zones_offset_from_end_to_end_without_holes(string timezone)
    {
        const int Seed = 3;
        var zone = TimeZoneInfo.FindSystemTimeZoneById(timezone);
        var clock = new ZoneClock(zone);
        var random = new Random(Seed);
        var from = DateTimeOffset.Parse("1969-12-30T00:00Z").ToUnixTimeSeconds();
        var to = DateTimeOffset.Parse("2060-01-01T00:00Z").ToUnixTimeSeconds();

        for (var segment = clock.At(from); segment.End < to; segment = clock.At(segment.End))
        {
            Assert.That(clock.At(segment.Start), Is.EqualTo(segment));
            Assert.That(clock.At(segment.End - 1), Is.EqualTo(segment));
            Assert.That(clock.At(segment.End).Start, Is.EqualTo(segment.End));
            for (var i = 0; i < 100; i++)
            {
                var moment = i switch
                {
                    0 => segment.Start,
                    1 => segment.End - 1,
                    _ => random.NextInt64(segment.Start, segment.End),
                };
                var offset = zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(moment)).TotalSeconds;
                Assert.That(segment.Offset, Is.EqualTo(offset), $"{timezone} at {moment}, seed {Seed}");
            }
        }
    }
}
