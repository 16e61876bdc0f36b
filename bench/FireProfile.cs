using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace bench;

/// <summary>
/// Many callbacks due in one second: creates them on a running daemon, takes them in, and prints when the last one came
/// and how late they were; beside it, how long a bare HttpClient needs to send as many to the same place.
/// </summary>
internal static class FireProfile
{
    private const int BatchSize = 1000;
    private const int BareConnections = 256;
    private static readonly TimeSpan LeadTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <param name="api">The daemon, such as http://127.0.0.1:8000.</param>
    /// <param name="count">How many are due; at most a million.</param>
    public static async Task RunAsync(string api, int count)
    {
        var arrivals = new ConcurrentQueue<long>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var expected = count;
        await using var sink = await StartSinkAsync(arrivals, () =>
        {
            if (arrivals.Count == Volatile.Read(ref expected))
                all.TrySetResult();
        });
        var url = sink.Urls.First() + "/";

        var dueSeconds = TimeProvider.System.GetUtcNow().Add(LeadTime + TimeSpan.FromSeconds(count / 20_000))
            .ToUnixTimeSeconds();
        using var client = new HttpClient { BaseAddress = new Uri(api) };
        for (var created = 0; created < count; created += BatchSize)
            await CreateAsync(client, url, dueSeconds, Math.Min(BatchSize, count - created));
        Console.WriteLine($"created {count}, due at {dueSeconds}");
        await all.Task.WaitAsync(Patience, TimeProvider.System);
        Report("xcron", dueSeconds * 1000, arrivals);

        arrivals.Clear();
        all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendBareAsync(url, count);
        arrivals.Clear();
        var start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await SendBareAsync(url, count);
        Report("bare HttpClient, warm", start, arrivals);
    }

    private static async Task<WebApplication> StartSinkAsync(ConcurrentQueue<long> arrivals, Action arrived)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(context =>
        {
            arrivals.Enqueue(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            arrived();
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    private static async Task CreateAsync(HttpClient client, string url, long dueSeconds, int count)
    {
        var task = "{\"type\":2,\"format\":\"" + dueSeconds + "\",\"callback\":{\"url\":\"" + url + "\"}}";
        var batch = "{\"tasks\":[" + string.Join(',', Enumerable.Repeat(task, count)) + "]}";
        using var content = new StringContent(batch, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/xcron/createTasks", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task SendBareAsync(string url, int count)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = BareConnections };
        using var client = new HttpClient(handler);
        var left = count;
        var senders = new Task[BareConnections];
        for (var i = 0; i < senders.Length; i++)
            senders[i] = SendAsync();
        await Task.WhenAll(senders);

        async Task SendAsync()
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                using var content = new ByteArrayContent("{}"u8.ToArray());
                using var answer = await client.PostAsync(new Uri(url), content);
                answer.EnsureSuccessStatusCode();
            }
        }
    }

    private static void Report(string who, long dueMs, ConcurrentQueue<long> arrivals)
    {
        var late = arrivals.Select(at => at - dueMs).Order().ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{who}: {late.Length} callbacks; after due, in ms: first {late[0]}, p50 {late[late.Length / 2]}, "
            + $"p99 {late[late.Length * 99 / 100]}, last {late[^1]}; early {late.Count(ms => ms < 0)}"));
    }
}
