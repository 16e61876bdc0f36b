using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/export: every task as of one moment, a line each, no faster than the client reads.</summary>
internal sealed class ExportEndpoint(ApiServices services) : IApiEndpoint
{
    /// <summary>Each holds the state as it was; more at once would hold more of it.</summary>
    private const int MaxAtOnce = 2;

    private const int FlushBytes = 64 * 1024;
    private const int Consistency = 0;

    public static readonly FieldTable Parameters = new("", [ReadConsistency.Parameter]);

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Who reads slower is cut off: what has changed since is kept twice for as long as it takes.</summary>
    private static readonly MinDataRate LeastPace = new(bytesPerSecond: 64 * 1024, TimeSpan.FromSeconds(30));

    private static readonly ApiError TooMany =
        new(ApiCode.Overloaded, $"{MaxAtOnce} exports are under way on this node, which is as many as it allows");

    // Requests on other threads count themselves in and out.
    private int _underWay;

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = QueryParameters.Read(context.Request.QueryString, Parameters, out var values)
            ?? await ReadConsistency.AwaitAsync(services, values[Consistency], context.RequestAborted);
        if (error is not null)
        {
            await Answer.ErrorAsync(context, requestId, error);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _underWay) > MaxAtOnce)
                await Answer.ErrorAsync(context, requestId, TooMany);
            else
                await WriteAsync(context, requestId);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task WriteAsync(HttpContext context, Guid requestId)
    {
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } pace)
            pace.MinDataRate = LeastPace;
        await Answer.BeginLinesAsync(context, requestId);
        using var view = services.Tasks.Freeze();
        using var json = new Utf8JsonWriter(context.Response.BodyWriter, Options);
        foreach (var task in view.Tasks())
        {
            TaskLineWriter.Write(json, task);
            if (!await EndLineAsync(context, json))
                return;
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Returns false where the client has gone.</summary>
    private static async ValueTask<bool> EndLineAsync(HttpContext context, Utf8JsonWriter json)
    {
        json.Flush();
        json.Reset();
        var writer = context.Response.BodyWriter;
        writer.Write("\n"u8);
        if (writer.UnflushedBytes < FlushBytes)
            return true;
        var flush = await writer.FlushAsync(context.RequestAborted);
        return flush is { IsCanceled: false, IsCompleted: false };
    }
}
