namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>
/// faults.md 26: of three daemons one has another TZ, and one takes Tokyo's clock for Berlin's and New York's. A next
/// due time is computed once and stands in the log: on every node it is the same, whoever leads.
/// </summary>
[Category("EndToEnd")]
internal sealed class OtherZoneDataTests
{
    private const string ZoneData = "/usr/share/zoneinfo";

    [Test]
    public async Task With_another_TZ_and_other_zone_data_on_two_nodes_the_next_due_time_is_the_same_after_a_failover()
    {
        if (!File.Exists(Path.Combine(ZoneData, "Asia/Tokyo")))
            Assert.Ignore($"this machine keeps its zone data elsewhere than in {ZoneData}");

        var wrong = Directory.CreateTempSubdirectory("xcron-zones-");
        await using var daemons = new DaemonGroup();
        try
        {
            MakeWrongZoneData(wrong.FullName);
            await daemons.StartThreeAsync(prepare: (daemon, place) =>
            {
                if (place == 1)
                    daemon.Environment["TZ"] = "America/New_York";
                if (place == 2)
                    daemon.Environment["TZDIR"] = wrong.FullName;
            });
            await MoveLeadershipAsync(daemons, daemons[0]);
            var ids = new List<string>();
            foreach (var zone in (string?[])["Europe/Berlin", "America/New_York", null])
                ids.Add(await CreateNightlyAsync(daemons[0], zone));
            var ofWrong = await CreateNightlyAsync(daemons[2], "Europe/Berlin");
            var before = await NextRunsAsync(daemons[0], [.. ids, ofWrong]);

            await MoveLeadershipAsync(daemons, daemons[2]);
            await daemons[0].KillAsync();
            await Eventually.HoldsAsync(
                async () => (await daemons[1].GetAsync($"/xcron/queryTask?task_id={ids[0]}")).GetProperty("code")
                    .GetInt32() == 0,
                () => daemons[1].Output);
            var afterwards = await NextRunsAsync(daemons[2], [.. ids, ofWrong]);
            var elsewhere = await NextRunsAsync(daemons[1], [.. ids, ofWrong]);
            await daemons[2].KillAsync();
            daemons[0].Start();
            await daemons[0].WaitUntilReadyAsync();
            var restarted = await NextRunsAsync(daemons[0], [.. ids, ofWrong]);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(afterwards, Is.EqualTo(before));
                Assert.That(elsewhere, Is.EqualTo(before));
                Assert.That(restarted, Is.EqualTo(before));
                Assert.That(before[3], Is.Not.EqualTo(before[0]), "the other zone data is in use");
            }
        }
        finally
        {
            wrong.Delete(recursive: true);
        }
    }

    private static void MakeWrongZoneData(string directory)
    {
        foreach (var zone in (string[])["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", "Etc/UTC"])
        {
            var path = Path.Combine(directory, zone);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(Path.Combine(ZoneData, zone.Contains("UTC") ? zone : "Asia/Tokyo"), path);
        }

        foreach (var table in (string[])["tzdata.zi", "zone.tab", "zone1970.tab", "iso3166.tab"])
        {
            if (File.Exists(Path.Combine(ZoneData, table)))
                File.Copy(Path.Combine(ZoneData, table), Path.Combine(directory, table));
        }
    }

    private static async Task MoveLeadershipAsync(DaemonGroup daemons, DaemonProcess target)
    {
        await Eventually.HoldsAsync(
            async () =>
            {
                await target.PostAsync("/xcron/transferLeader", $$"""{"host":"{{target.Address}}"}""");
                return (await daemons.LeaderAsync(target)).Leader == target;
            },
            () => target.Output);
    }

    private static async Task<string> CreateNightlyAsync(DaemonProcess daemon, string? timezone)
    {
        var zone = timezone is null ? "" : $"\"timezone\":\"{timezone}\",";
        var answer = await daemon.PostAsync(
            "/xcron/createTask",
            $$"""{"type":1,{{zone}}"format":"30 3 * * *","callback":{"url":"http://127.0.0.1:9/"} }""");
        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());
        return answer.GetProperty("data").GetProperty("task_id").GetString()!;
    }

    private static async Task<string[]> NextRunsAsync(DaemonProcess daemon, string[] ids)
    {
        var times = new List<string>();
        foreach (var id in ids)
        {
            var answer = await daemon.GetAsync($"/xcron/queryTask?task_id={id}");
            var data = answer.GetProperty("data");
            times.Add($"{data.GetProperty("next_run_time")} {data.GetProperty("timezone")}");
        }

        return [.. times];
    }
}
