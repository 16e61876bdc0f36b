using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// The service that is called. A callback's body says how it is to be answered: after how long, and how many attempts
/// fail before one succeeds.
/// </summary>
internal sealed class SoakReceiver(WebApplication app, TaskStories stories, SoakHistory history) : IAsyncDisposable
{
    public string Url { get; private set; } = "";

    public static async Task<SoakReceiver> StartAsync(TaskStories stories, SoakHistory history)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new SoakReceiver(builder.Build(), stories, history);
        await receiver.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task StartAsync()
    {
        app.Run(ReceiveAsync);
        await app.StartAsync();
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        var arrivedMs = SoakTime.NowMs;
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var key = body.GetProperty("key").GetString()!;
        var headers = context.Request.Headers;
        var attempt = int.Parse(headers["X-Xcron-Attempt"]!, CultureInfo.InvariantCulture);
        var isOk = attempt > body.GetProperty("fail").GetInt32();
        var scheduled = decimal.Parse(headers["X-Xcron-Scheduled-Time"]!, CultureInfo.InvariantCulture);
        var runId = headers["X-Xcron-Run-Id"].ToString();
        var call = new TaskCall(
            headers["X-Xcron-Task-Id"].ToString(), runId, attempt, (long)(scheduled * 1000), arrivedMs, isOk);
        stories.Called(key, call);
        history.Write("receiver", isOk ? "ok" : "fail", "fire", key, $"{runId} attempt {attempt}");

        await SoakTime.Delay(body.GetProperty("slowMs").GetInt32() / 1000.0, context.RequestAborted);
        context.Response.StatusCode = isOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
    }
}
