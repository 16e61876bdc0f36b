using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>The user's service: a web server on loopback that remembers every callback and when it came.</summary>
internal sealed class CallbackReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Callback> _callbacks = new();
    private readonly SemaphoreSlim _arrived = new(0);

    private CallbackReceiver(WebApplication app) => _app = app;

    public IReadOnlyCollection<Callback> Callbacks => _callbacks;

    /// <summary>What is answered; by default 200.</summary>
    public Func<Callback, HttpStatusCode> Answer { get; set; } = static _ => HttpStatusCode.OK;

    /// <summary>How long each answer takes.</summary>
    public TimeSpan Delay { get; set; }

    public string Url { get; private set; } = "";

    public static async Task<CallbackReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new CallbackReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        receiver.Url = addresses!.Addresses.First();
        return receiver;
    }

    /// <summary>Returns once so many have come in all; fails after the time.</summary>
    public async Task<IReadOnlyCollection<Callback>> WaitForAsync(int count, TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        while (_callbacks.Count < count)
        {
            try
            {
                await _arrived.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{_callbacks.Count} of {count} callbacks came within {atMost.TotalSeconds} s");
            }
        }

        return _callbacks;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _arrived.Dispose();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var text = Encoding.UTF8.GetString(body.ToArray());
        var callback = new Callback(context.Request.Method, context.Request.Path, headers, text, nowMs);
        _callbacks.Enqueue(callback);
        if (Delay > TimeSpan.Zero)
            await Task.Delay(Delay, TimeProvider.System, context.RequestAborted);
        context.Response.StatusCode = (int)Answer(callback);
        _arrived.Release();
    }
}

/// <summary>A callback as it came in.</summary>
internal sealed record Callback(
    string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body, long ReceivedMs)
{
    public string RunId => Headers["X-Xcron-Run-Id"];

    public string TaskId => Headers["X-Xcron-Task-Id"];

    public long ScheduledSeconds => long.Parse(Headers["X-Xcron-Scheduled-Time"], CultureInfo.InvariantCulture);
}
