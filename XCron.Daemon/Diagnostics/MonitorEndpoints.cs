namespace XCron.Daemon.Diagnostics;

/// <summary>What the monitor port serves, and nothing else does: /metrics, /livez, /readyz.</summary>
internal static class MonitorEndpoints
{
    private const string Plain = "text/plain; charset=utf-8";

    /// <param name="app">Before everything that is not for the monitor port.</param>
    /// <param name="monitorPort">
    /// The port of the connection itself; a Host header says what its sender likes and would open /metrics to others.
    /// </param>
    /// <param name="reasonNotLive">Null while the process's loops turn; else why restarting it would help.</param>
    /// <param name="reasonNotReady">Null while the node serves; else why not.</param>
    public static void Map(
        IApplicationBuilder app, int monitorPort, Func<string?> reasonNotLive, Func<string?> reasonNotReady) =>
        app.MapWhen(
            context => context.Connection.LocalPort == monitorPort,
            monitor =>
            {
                monitor.UseOpenTelemetryPrometheusScrapingEndpoint();
                monitor.Run(context => context.Request.Path.Value switch
                {
                    "/livez" => AnswerAsync(context, reasonNotLive()),
                    "/readyz" => AnswerAsync(context, reasonNotReady()),
                    _ => NotFoundAsync(context),
                });
            });

    private static Task AnswerAsync(HttpContext context, string? reason)
    {
        var status = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return WriteAsync(context, status, reason ?? "ok");
    }

    private static Task NotFoundAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status404NotFound, "There are /metrics, /livez and /readyz.");

    private static Task WriteAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Plain;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }
}
