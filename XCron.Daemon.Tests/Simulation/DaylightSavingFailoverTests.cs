using XCron.Daemon.Tests.Schedules;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 13: every zone whose clocks are moved about a moment of 2026, with tasks in the hour that is missing or
/// comes twice, while the leader changes within that hour, again and again. By the naive cron each due time is served
/// once and no other is.
/// </summary>
internal sealed class DaylightSavingFailoverTests
{
    private const long HourMs = 3_600_000;
    private const int Stretch = 30;

    private static readonly string[] Lines = ["30 2 * * *", "30 1 * * *", "0 2 * * *", "*/20 * * * *", "15 0-3 * * *"];

    /// <summary>In hours from the first change of a night to the last, all over the world.</summary>
    private static readonly (string Night, int FromHour, int Hours)[] Nights =
    [
        ("2026-03-08", 4, 8), ("2026-03-29", 0, 3), ("2026-04-04", 12, 6), ("2026-09-05", 22, 7), ("2026-10-03", 12, 6),
        ("2026-10-25", 0, 3), ("2026-11-01", 3, 8),
    ];

    [Test]
    public void With_the_leader_changing_in_the_hour_of_daylight_saving_each_due_time_is_served_once(
        [Range(0, 6)] int night)
    {
        var (date, fromHour, hours) = Nights[night];
        var fromMs = new DateTimeOffset(DateTime.Parse(date, System.Globalization.CultureInfo.InvariantCulture)
            .AddHours(fromHour), TimeSpan.Zero).ToUnixTimeMilliseconds();
        var toMs = fromMs + (hours * HourMs);
        var zones = ZonesThatChange(fromMs, toMs);
        Assert.That(zones, Is.Not.Empty);
        var newYearMs = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var cluster = SimulatedCluster.Form(
            night + 1, startMs: fromMs - newYearMs - HourMs, stretch: Stretch, snapshotLogBytes: 1_000_000);
        var tasks = new List<(string Line, string Zone, ClientOperation Create)>();
        foreach (var (place, zone) in zones.Index())
        {
            foreach (var line in Lines.Where((_, i) => i < 2 || i == 2 + (place % 3)))
                tasks.Add((line, zone, cluster.Create(line, 1, $",\"misfire\":\"fire_all\",\"timezone\":\"{zone}\"")));
        }

        cluster.GoOnTo(fromMs);
        for (var change = 0; cluster.NowMs < toMs; change++)
            ChangeLeader(cluster, isKilled: change % 2 == 0);
        cluster.GoOnTo(toMs + HourMs);

        var due = 0;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(tasks.Select(static task => task.Create.Code), Is.All.Zero);
            foreach (var (line, zone, create) in tasks)
            {
                var expected = ExpectedFor(line, zone, fromMs, toMs + HourMs);
                due += expected.Count;
                var served = cluster.History.Calls.Where(call => call.Story == create.Story)
                    .Select(static call => (call.ScheduledMs, call.Run)).Distinct().ToArray();
                Assert.That(served.Select(static run => run.ScheduledMs), Is.EqualTo(expected), $"{line} {zone}");
            }

            Assert.That(due, Is.GreaterThan(5 * zones.Length), "much was due in these hours");
        }
    }

    /// <summary>Up to the next quarter of an hour and a few minutes on, in turn before and after due times.</summary>
    private static void ChangeLeader(SimulatedCluster cluster, bool isKilled)
    {
        var leader = cluster.Leader;
        if (isKilled)
            cluster.Kill(leader);
        else
            leader.Process!.Context.Do(() => _ = leader.Process.Raft.TransferLeadershipAsync(default, default));
        cluster.GoOnUntilElected();
        cluster.GoOn(4 * 60_000);
        if (isKilled)
            leader.TryStart();
        cluster.GoOn(7 * 60_000);
    }

    private static List<long> ExpectedFor(string line, string zone, long fromMs, long toMs)
    {
        // The task was created an hour before, and no line is due in that hour that is not due in it here too.
        var walk = new NaiveCron.ZoneWalk(
            zone, DateTime.UnixEpoch.AddMilliseconds(fromMs - HourMs), DateTime.UnixEpoch.AddMilliseconds(toMs), 60);
        return [.. new NaiveCron(line).Occurrences(walk).Select(static seconds => seconds * 1000)
            .Where(due => due > fromMs - HourMs + (5000 * Stretch) && due <= toMs - 60_000)];
    }

    /// <summary>Of those with the same offset before and after one is enough.</summary>
    private static string[] ZonesThatChange(long fromMs, long toMs)
    {
        var from = DateTimeOffset.FromUnixTimeMilliseconds(fromMs);
        var to = DateTimeOffset.FromUnixTimeMilliseconds(toMs);
        return
        [
            .. TimeZoneInfo.GetSystemTimeZones()
                .Where(zone => zone.HasIanaId && zone.Id.Contains('/', StringComparison.Ordinal))
                .Where(zone => zone.GetUtcOffset(from) != zone.GetUtcOffset(to))
                .GroupBy(zone => (zone.GetUtcOffset(from), zone.GetUtcOffset(to)))
                .Select(static alike => alike.MinBy(static zone => zone.Id, StringComparer.Ordinal)!.Id),
        ];
    }
}
