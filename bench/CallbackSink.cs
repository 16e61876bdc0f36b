using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace bench;

/// <summary>A web server on loopback that answers 200 and notes how long after a moment each callback came.</summary>
internal sealed class CallbackSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<long> _arrivals = new();
    private int _count;

    private CallbackSink(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    /// <summary>How many came so far.</summary>
    public int Count => Volatile.Read(ref _count);

    public static async Task<CallbackSink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var sink = new CallbackSink(builder.Build());
        sink._app.Run(sink.Receive);
        await sink._app.StartAsync();
        sink.Url = sink._app.Urls.First() + "/";
        return sink;
    }

    /// <summary>Waits until so many came in all; ends after the time.</summary>
    public async Task WaitForAsync(int count, TimeSpan atMost)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _count) < count && TimeProvider.System.GetElapsedTime(start) < atMost)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
    }

    /// <summary>What came, each as milliseconds after its due time, in order.</summary>
    public long[] Lateness() => LatenessSince(0);

    /// <summary>The same without so many that came first.</summary>
    public long[] LatenessSince(int first) => [.. _arrivals.Skip(first).Order()];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private Task Receive(HttpContext context)
    {
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var due = decimal.Parse(context.Request.Headers["X-Xcron-Scheduled-Time"]!, CultureInfo.InvariantCulture);
        _arrivals.Enqueue(nowMs - (long)(due * 1000));
        Interlocked.Increment(ref _count);
        return Task.CompletedTask;
    }
}
