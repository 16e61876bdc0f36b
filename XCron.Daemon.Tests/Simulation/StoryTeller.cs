using System.Globalization;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>Makes up tasks of all kinds and options.</summary>
internal sealed class StoryTeller(SimulationPlan plan, SimulationWorld world)
{
    private static readonly string[] Zones =
        ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai"];

    private static readonly string[] DenseFormats =
    [
        "*/10 * * * * *", "*/30 * * * * *", "5 * * * * *", "*/7 * * * * *", "* * * * *", "*/2 * * * *", "0,30 * * * *",
        "*/5 2 * * *", "0 2 * * *", "30 1,2 * * *", "@every 5s", "@every 17s", "@every 1m", "20/20 * * * * *",
    ];

    private static readonly string[] LongFormats =
    [
        "0 1 * * *", "30 2 * * *", "0 2 * * *", "30 1 * * *", "*/15 2 * * *", "0 * * * *", "30 */3 * * *",
        "0 9-17 * * mon-fri", "0 0 1 * *", "0 0 13 * 5", "0 0 */2 * 1", "45 23 * * *", "@daily", "@every 7h",
        "@every 90m", "59 1,2,3 * * sun",
    ];

    private static readonly string[] Hosts = ["ok", "ok", "ok", "ok", "flaky", "failing", "slow", "silent", "busy",
        "gone", "moved"];

    private int _number;

    private Random Random => world.Random;

    private long UnitMs => plan.IsLong ? 3_600_000 : 1000;

    public TaskStory Next(bool isImported = false)
    {
        var number = ++_number;
        var isPeriodic = Random.Next(5) > 1;
        var options = new List<string>();
        var dueMs = 0L;
        string format;
        if (isPeriodic)
        {
            var formats = plan.IsLong ? LongFormats : DenseFormats;
            format = formats[Random.Next(formats.Length)];
            PeriodicOptions(options);
        }
        else
        {
            format = OneShot(out dueMs);
        }

        if (Random.Next(6) == 0)
            options.Add($"\"deadline\":{Seconds(2, 40)}");
        if (Random.Next(5) == 0)
            options.Add($"\"jitter\":{Seconds(1, 8)}");
        options.Add(Retry());
        return new TaskStory
        {
            Number = number,
            Name = Random.Next(4) > 0 ? $"task-{number}" : "",
            IsPeriodic = isPeriodic,
            IsImported = isImported,
            Id = isImported ? new TaskId(Random.NextInt64(1, long.MaxValue)) : default,
            Format = format,
            DueMs = dueMs,
            Host = $"http://{Hosts[Random.Next(Hosts.Length)]}{Random.Next(2)}.test",
            Timeout = Random.Next(3) == 0 ? "0.5" : "5",
            Options = string.Concat(options.Select(static option => "," + option)),
        };
    }

    /// <summary>A schedule that an update gives, with its zone.</summary>
    public string NewSchedule()
    {
        var formats = plan.IsLong ? LongFormats : DenseFormats;
        return $"\"format\":\"{formats[Random.Next(formats.Length)]}\"";
    }

    private void PeriodicOptions(List<string> options)
    {
        options.Add($"\"timezone\":\"{Zones[Random.Next(Zones.Length)]}\"");
        var misfire = Random.Next(4);
        if (misfire > 0)
            options.Add($"\"misfire\":\"{(misfire == 1 ? "fire_once" : misfire == 2 ? "skip" : "fire_all")}\"");
        var overlap = Random.Next(4);
        if (overlap > 0)
            options.Add($"\"overlap\":\"{(overlap == 1 ? "queue" : overlap == 2 ? "skip" : "allow")}\"");
        if (Random.Next(6) == 0)
            options.Add($"\"max_runs\":{Random.Next(1, 12)}");
        if (Random.Next(8) == 0)
            options.Add($"\"start_at\":\"{Moment(Random.Next(1, 60))}\"");
        if (Random.Next(8) == 0)
            options.Add($"\"end_at\":\"{Moment(Random.Next(80, 200))}\"");
        if (Random.Next(12) == 0)
            options.Add("\"paused\":true");
    }

    private string OneShot(out long dueMs)
    {
        var now = world.History.NowMs;
        if (Random.Next(3) == 0)
        {
            dueMs = (now / 1000 * 1000) + Random.NextInt64(-2 * 1000, 100 * UnitMs);
            return (dueMs / 1000).ToString(CultureInfo.InvariantCulture);
        }

        var wait = Random.Next(1, 100);
        dueMs = now + (wait * UnitMs);
        return plan.IsLong ? $"+{wait}h" : $"+{wait}s";
    }

    private string Retry()
    {
        var attempts = Random.Next(1, 6);
        var least = Random.Next(4) == 0 ? "0.1" : "1";
        var most = Random.Next(1, 30);
        return $"\"retry\":{{\"max_attempts\":{attempts},\"min_backoff\":{least},\"max_backoff\":{most}}}";
    }

    private string Seconds(int least, int most) =>
        (Random.Next(least, most) * (plan.IsLong ? 90 : 1)).ToString(CultureInfo.InvariantCulture);

    private string Moment(int units) =>
        ((world.History.NowMs + (units * UnitMs)) / 1000).ToString(CultureInfo.InvariantCulture);
}
