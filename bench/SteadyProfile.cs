using System.Globalization;
using System.Text;

namespace bench;

/// <summary>
/// Runs that are due one after the other at a steady rate on one node: how long after its time each arrives. Tasks of
/// "@every 10s" are created at that rate for ten seconds, so that each is due at a millisecond of its own.
/// </summary>
internal static class SteadyProfile
{
    private const int IntervalSeconds = 10;
    private const int MostUnderWay = 200;
    private const string Usage = "usage: steady [--rate N] [--seconds N] [--server PATH]";

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (ProfileOptions.Read(arguments, Usage, "--rate", "--seconds") is not { Server: var binary } options)
            return 2;

        var (rate, seconds) = (options.Number("--rate", 1000), options.Number("--seconds", 30));
        Console.WriteLine($"{rate:N0} runs a second on one node, {binary ?? "compiled at run time"}");
        using var server = ServerProcess.Daemons(1, binary)[0];
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        await using var sink = await CallbackSink.StartAsync();
        await CreateAsync(client, sink.Url, rate);
        await Task.Delay(TimeSpan.FromSeconds(IntervalSeconds), TimeProvider.System);
        var before = sink.Count;
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        var late = sink.LatenessSince(before);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {late.Length / (double)seconds:N0} a second came, after their time in ms: p50 {late[late.Length / 2]}, "
            + $"p99 {late[late.Length * 99 / 100]}, last {late[^1]}; early {late.Count(ms => ms < 0)}"));
        return 0;
    }

    private static async Task CreateAsync(HttpClient client, string url, int rate)
    {
        var task = $$"""{"type":1,"format":"@every {{IntervalSeconds}}s","callback":{"url":"{{url}}"} }""";
        using var places = new SemaphoreSlim(MostUnderWay);
        var start = TimeProvider.System.GetTimestamp();
        var creates = new Task[rate * IntervalSeconds];
        for (var i = 0; i < creates.Length; i++)
        {
            var wait = TimeSpan.FromSeconds((double)i / rate) - TimeProvider.System.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, TimeProvider.System);
            await places.WaitAsync();
            creates[i] = OneAsync();
        }

        await Task.WhenAll(creates);

        async Task OneAsync()
        {
            using var content = new StringContent(task, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("/xcron/createTask", UriKind.Relative), content);
            answer.EnsureSuccessStatusCode();
            places.Release();
        }
    }
}
