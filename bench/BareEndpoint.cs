using System.Net;
using System.Text.Json;

namespace bench;

/// <summary>
/// The ceiling: the same Kestrel, the same request parsed as JSON, an answer of the same size, and nothing behind it.
/// </summary>
internal static class BareEndpoint
{
    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.MapPost("/xcron/createTask", (RequestDelegate)AnswerAsync);
        app.MapGet("/readyz", (RequestDelegate)(context => context.Response.WriteAsync("ok")));
        await app.RunAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
        var isTask = body.RootElement.TryGetProperty("callback", out _);
        var answer = isTask
            ? """{"uuid":"01890000-0000-7000-8000-000000000000","code":0,"data":{"task_id":"289057701458138645"}}"""u8
            : """{"uuid":"01890000-0000-7000-8000-000000000000","code":1000,"message":"no callback"}"""u8;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.BodyWriter.WriteAsync(answer.ToArray(), context.RequestAborted);
    }
}
