using System.Globalization;
using System.Text;
using System.Text.Json;

namespace bench;

/// <summary>
/// How soon a daemon serves, and how long three of them are without a leader when that one is killed under load: until
/// the next create is acknowledged, and by how much the latest run is late. Prints a line a time.
/// </summary>
internal static class FailoverProfile
{
    private const int RunsPerSecond = 50;
    private const int SecondsOfRuns = 15;
    private const int SecondsBefore = 6;
    private const string Usage = "usage: failover [--times N] [--server PATH]";
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (ProfileOptions.Read(arguments, Usage, "--times") is not { Server: var binary } options)
            return 2;

        Console.WriteLine($"{binary ?? "compiled at run time"}; {RunsPerSecond} runs a second");
        for (var i = 0; i < options.Number("--times", 7); i++)
        {
            await StartOneAsync(binary);
            await KillLeaderAsync(binary);
        }

        return 0;
    }

    private static async Task StartOneAsync(string? binary)
    {
        using var server = ServerProcess.Daemons(1, binary)[0];
        var took = await server.RestartAsync("TERM");
        await Task.Delay(SettleTime, TimeProvider.System);
        Say($"ready {took.TotalMilliseconds:0} ms after its start; "
            + $"resident when idle {new ServerFigures(server).ResidentMegabytes():0} MB");
    }

    private static async Task KillLeaderAsync(string? binary)
    {
        var servers = ServerProcess.Daemons(3, binary);
        try
        {
            using var client = new HttpClient { Timeout = Limit };
            await using var sink = await CallbackSink.StartAsync();
            var leader = await LeaderAsync(client, servers);
            await Task.Delay(SettleTime, TimeProvider.System);
            using var toLeader = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{leader.Port}") };
            var first = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3;
            const int Runs = RunsPerSecond * SecondsOfRuns;
            await new TaskLoad(toLeader, sink.Url).RunAsync(Runs, i => first + i / RunsPerSecond);
            await Task.Delay(TimeSpan.FromSeconds(SecondsBefore), TimeProvider.System);

            var start = TimeProvider.System.GetTimestamp();
            leader.Kill();
            await CreateAsync(client, servers.First(server => server != leader));
            var acknowledged = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
            await sink.WaitForAsync(Runs, Limit);
            var late = sink.Lateness();
            Say($"leader killed: next create acknowledged after {acknowledged:0} ms; {late.Length} of {Runs} came, "
                + $"the latest {late[^1]} ms after its time, early {late.Count(ms => ms < 0)}");
        }
        finally
        {
            foreach (var server in servers)
                server.Dispose();
        }
    }

    private static async Task<ServerProcess> LeaderAsync(HttpClient client, ServerProcess[] servers)
    {
        var answer = await client.GetStringAsync(new Uri($"http://127.0.0.1:{servers[0].Port}/xcron/cluster"));
        using var json = JsonDocument.Parse(answer);
        var host = json.RootElement.GetProperty("data").GetProperty("members").EnumerateArray()
            .First(member => member.GetProperty("role").GetString() == "leader").GetProperty("http_host").GetString()!;
        return servers.First(server => host.EndsWith($":{server.Port}", StringComparison.Ordinal));
    }

    /// <summary>One create that is repeated at once until it is acknowledged.</summary>
    private static async Task CreateAsync(HttpClient client, ServerProcess server)
    {
        const string Task = """{"type":2,"format":"+30d","callback":{"url":"http://127.0.0.1:9/"}}""";
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < Limit)
        {
            using var content = new StringContent(Task, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(
                new Uri($"http://127.0.0.1:{server.Port}/xcron/createTask"), content);
            if ((await answer.Content.ReadAsStringAsync()).Contains("\"code\":0", StringComparison.Ordinal))
                return;
        }

        throw new TimeoutException($"no create was acknowledged within {Limit.TotalSeconds} s");
    }

    private static void Say(string line) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {line}"));
}
