using System.Globalization;
using System.Text;

namespace bench;

/// <summary>
/// One node with very many pending tasks: resident memory, log, listing, restart, creates while a snapshot is written,
/// ten thousand due in one second, all of them due in one minute, and all in the same second. Prints a line for each.
/// </summary>
internal static class ScaleProfile
{
    private const int ProbesPerSecond = 200;
    private const int DueAtOnce = 10_000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SnapshotLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan FireLimit = TimeSpan.FromMinutes(10);

    private const string Usage = "usage: scale [--tasks N] [--server PATH] [--part pending|minute|second]";

    public static async Task<int> RunAsync(string[] options)
    {
        var (tasks, binary, part) = (1_000_000, ServerProcess.BuiltBinary(), "");
        for (var i = 0; i < options.Length; i += 2)
        {
            switch (options[i], options.ElementAtOrDefault(i + 1))
            {
                case ("--tasks", { } value) when int.TryParse(value, CultureInfo.InvariantCulture, out tasks):
                    break;
                case ("--server", { } value) when File.Exists(value):
                    binary = Path.GetFullPath(value);
                    break;
                case ("--part", "pending" or "minute" or "second"):
                    part = options[i + 1];
                    break;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return 2;
            }
        }

        Console.WriteLine($"{tasks:N0} pending tasks on one node, {binary ?? "compiled at run time"}");
        if (part is "" or "pending")
            await PendingAsync(tasks, binary);
        if (part is "" or "minute")
            await DueWithinAsync("one minute", seconds: 60, tasks, binary);
        if (part is "" or "second")
            await DueWithinAsync("the same second", seconds: 1, tasks, binary);
        return 0;
    }

    private static async Task PendingAsync(int tasks, string? binary)
    {
        using var server = ServerProcess.Daemons(1, binary)[0];
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        var figures = new ServerFigures(server);
        await using var sink = await CallbackSink.StartAsync();
        Say($"resident when idle: {figures.ResidentMegabytes():0} MB");

        var load = new TaskLoad(client, sink.Url);
        var inAMonth = TimeProvider.System.GetUtcNow().AddDays(30).ToUnixTimeSeconds();
        var sample = Math.Min(tasks, 50_000);
        var logBefore = await figures.LogBytesAsync(client);
        await load.RunAsync(sample, _ => inAMonth);
        var logPerTask = (double)(await figures.LogBytesAsync(client) - logBefore) / sample;
        Say($"log: {logPerTask:0} bytes a create, of which url and body {load.CallbackBytes}");
        var seconds = await load.RunAsync(tasks - sample, i => inAMonth + i % 86_400);
        Say($"created: {(tasks - sample) / seconds:N0} a second, by a thousand");
        Say($"resident at once: {figures.ResidentMegabytes():0} MB");
        await Task.Delay(Idle, TimeProvider.System);
        Say($"resident after {Idle.TotalSeconds:0} s: {figures.ResidentMegabytes():0} MB");

        await ListAsync(client);
        await SnapshotAsync(figures, client);
        Say($"resident after a snapshot: {figures.ResidentMegabytes():0} MB");
        foreach (var signal in new[] { "TERM", "KILL" })
        {
            var took = await server.RestartAsync(signal);
            Say($"restarted after SIG{signal}: ready after {took.TotalSeconds:0.00} s, "
                + $"{figures.ProcessorSeconds():0.00} s of processor, resident {figures.ResidentMegabytes():0} MB");
        }

        var dueSeconds = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 8;
        await load.RunAsync(DueAtOnce, _ => dueSeconds);
        await sink.WaitForAsync(DueAtOnce, FireLimit);
        Say($"{DueAtOnce:N0} due in one second: {Lateness(sink)}");
    }

    private static async Task DueWithinAsync(string span, int seconds, int tasks, string? binary)
    {
        const int LeastRate = 6000;
        using var server = ServerProcess.Daemons(1, binary)[0];
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        var figures = new ServerFigures(server);
        await using var sink = await CallbackSink.StartAsync();
        var load = new TaskLoad(client, sink.Url);
        var first = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + tasks / LeastRate + 10;
        await load.RunAsync(tasks, i => first + (long)i * seconds / tasks);
        var spare = first - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        if (spare < 0)
            throw new InvalidOperationException($"the load took {-spare} s longer than the first task's due time");

        await Task.Delay(TimeSpan.FromSeconds(spare), TimeProvider.System);
        var start = TimeProvider.System.GetTimestamp();
        var processorBefore = figures.ProcessorSeconds();
        await using (var probe = LatencyProbe.Start(client, ProbesPerSecond / 10))
        {
            await sink.WaitForAsync(tasks, FireLimit);
            var took = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            Say($"{tasks:N0} due in {span}: all after {took:0.0} s, {Lateness(sink)}");
            var processor = figures.ProcessorSeconds() - processorBefore;
            Say($"{processor * 1e6 / tasks:0} µs of processor a run");
            Say($"creates meanwhile: {Percentiles(probe.Samples)}; resident: {figures.ResidentMegabytes():0} MB");
        }
    }

    private static async Task ListAsync(HttpClient client)
    {
        var milliseconds = new List<double>();
        var cursor = "";
        for (var i = 0; i < 100; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            var page = await client.GetStringAsync(new Uri("/xcron/listTasks?limit=50" + cursor, UriKind.Relative));
            milliseconds.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
            using var json = System.Text.Json.JsonDocument.Parse(page);
            cursor = "&cursor=" + json.RootElement.GetProperty("data").GetProperty("next_cursor").GetString();
        }

        milliseconds.Sort();
        Say($"listTasks, 100 pages of 50: p50 {milliseconds[50]:0.0} ms, max {milliseconds[^1]:0.0} ms");
    }

    /// <summary>
    /// Creates under a name that is taken are written to the log and change nothing: so a snapshot comes due.
    /// </summary>
    private static async Task SnapshotAsync(ServerFigures figures, HttpClient client)
    {
        LatencyProbe.Sample[] without;
        await using (var probe = LatencyProbe.Start(client, ProbesPerSecond))
        {
            await Task.Delay(ProbeTime, TimeProvider.System);
            without = [.. probe.Samples];
        }

        using var stop = new CancellationTokenSource();
        var filling = FillLogAsync(client, stop.Token);
        while (!figures.IsSnapshotBeingWritten())
            await Task.Delay(LookAgain, TimeProvider.System);
        await stop.CancelAsync();
        await using (var probe = LatencyProbe.Start(client, ProbesPerSecond))
        {
            var begun = TimeProvider.System.GetTimestamp();
            while (figures.IsSnapshotBeingWritten() && TimeProvider.System.GetElapsedTime(begun) < SnapshotLimit)
                await Task.Delay(LookAgain, TimeProvider.System);
            var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
            Say($"snapshot: {seconds:0.0} s, {figures.SnapshotMegabytes():0} MB; "
                + $"creates meanwhile: {Percentiles(probe.Samples)}; without: {Percentiles(without)}");
        }

        await filling;
    }

    private static async Task FillLogAsync(HttpClient client, CancellationToken stop)
    {
        const int BodyChars = 200_000;
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var body = new string('x', i == 0 ? 1 : BodyChars);
            var task = "{\"type\":2,\"format\":\"+30d\",\"name\":\"taken\",\"callback\":"
                + $"{{\"url\":\"http://127.0.0.1:9/\",\"body\":{{\"x\":\"{body}\"}}}}}}";
            using var content = new StringContent(task, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(
                new Uri("/xcron/createTask", UriKind.Relative), content, CancellationToken.None);
        }
    }

    private static string Lateness(CallbackSink sink)
    {
        var late = sink.Lateness();
        return late.Length == 0
            ? "none came"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{late.Length:N0} came, after their time in ms: p50 {late[late.Length / 2]}, "
                + $"p99 {late[late.Length * 99 / 100]}, last {late[^1]}; early {late.Count(ms => ms < 0)}");
    }

    private static string Percentiles(IEnumerable<LatencyProbe.Sample> samples)
    {
        var sorted = samples.Select(sample => sample.Milliseconds).Order().ToArray();
        return sorted.Length == 0
            ? "none"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{sorted.Length} with p50 {sorted[sorted.Length / 2]:0.0} ms, "
                + $"p99 {sorted[sorted.Length * 99 / 100]:0.0} ms, max {sorted[^1]:0.0} ms");
    }

    private static void Say(string line) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {line}"));
}
