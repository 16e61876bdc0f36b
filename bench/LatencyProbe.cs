using System.Collections.Concurrent;
using System.Text;

namespace bench;

/// <summary>Creates at a steady rate, each request at its time whether or not the one before was answered.</summary>
internal sealed class LatencyProbe : IAsyncDisposable
{
    private const int MaxUnderWay = 10_000;

    private readonly HttpClient _client;
    private readonly int _perSecond;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Sample> _samples = new();
    private readonly Task _running;
    private int _underWay;

    private LatencyProbe(HttpClient client, int perSecond)
    {
        _client = client;
        _perSecond = perSecond;
        _running = RunAsync();
    }

    /// <summary>What was measured so far.</summary>
    public IEnumerable<Sample> Samples => _samples;

    public static LatencyProbe Start(HttpClient client, int perSecond) => new(client, perSecond);

    /// <summary>Ends when the last request is answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var requests = new List<Task>();
        for (var sent = 0; !_stop.IsCancellationRequested; sent++)
        {
            var due = TimeSpan.FromSeconds((double)sent / _perSecond);
            var wait = due - time.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, CancellationToken.None);
            if (Volatile.Read(ref _underWay) >= MaxUnderWay)
                continue;

            requests.RemoveAll(static request => request.IsCompletedSuccessfully);
            requests.Add(CreateAsync(start + (long)(due.TotalSeconds * time.TimestampFrequency)));
        }

        await Task.WhenAll(requests);
    }

    private async Task CreateAsync(long dueTimestamp)
    {
        Interlocked.Increment(ref _underWay);
        const string Task = """{"type":2,"format":"+30d","callback":{"url":"http://127.0.0.1:9/probe"}}""";
        using var content = new StringContent(Task, Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync(new Uri("/xcron/createTask", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
        _samples.Enqueue(new Sample(
            dueTimestamp, TimeProvider.System.GetElapsedTime(dueTimestamp).TotalMilliseconds));
        Interlocked.Decrement(ref _underWay);
    }

    /// <param name="Timestamp">When it was to be sent.</param>
    /// <param name="Milliseconds">From then to its answer.</param>
    internal readonly record struct Sample(long Timestamp, double Milliseconds);
}
