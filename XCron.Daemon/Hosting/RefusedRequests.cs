using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using XCron.Daemon.Api;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace XCron.Daemon.Hosting;

/// <summary>
/// Gives an envelope to what the web server turns away before there is a request: a head that is no HTTP, too large, or
/// without a Host. The server tells of each by a diagnostic event, when its bare answer is made up and has not begun.
/// The head of ours is begun there in its place. The body follows once the server is done with the connection, where it
/// can be awaited; then the connection is closed. Who speaks another version of HTTP gets what the server has for them:
/// HTTP/2 its GOAWAY, which would be torn apart by an answer of ours.
/// </summary>
internal sealed class RefusedRequests(RequestIdSource requestIds, int maxHeadBytes) : DiagnosticSource
{
    private const string Event = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Who does not take in an answer of a few hundred bytes within this goes without.</summary>
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    /// <summary>To be called before the server is told to speak HTTP here, and behind TLS.</summary>
    public static void Watch(ListenOptions listen) =>
        listen.Use(static next => connection => ServeAsync(next, connection));

    public override bool IsEnabled(string name) => name == Event;

    [RequiresUnreferencedCode("The base says so; nothing here looks into the value but by its interfaces.")]
    public override void Write(string name, object? value)
    {
        if (value is IFeatureCollection features && features.Get<Remainder>() is { } remainder
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException
            {
                StatusCode: not StatusCodes.Status505HttpVersionNotsupported,
            } refusal
            && features.Get<IHttpResponseFeature>() is { HasStarted: false } response)
        {
            Begin(features, response, refusal, remainder);
        }
    }

    private static async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var remainder = new Remainder();
        connection.Features.Set(remainder);
        await next(connection);
        if (remainder.Bytes.IsEmpty)
            return;
        using var limit = new CancellationTokenSource(WriteLimit, TimeProvider.System);
        try
        {
            await connection.Transport.Output.WriteAsync(remainder.Bytes, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // It is closed all the same.
        }
    }

    private void Begin(
        IFeatureCollection features,
        IHttpResponseFeature response,
        BadHttpRequestException refusal,
        Remainder remainder)
    {
        var requestId = requestIds.Next();
        var error = ErrorOf(refusal);
        var json = Answer.ErrorJson(requestId, error);
        response.StatusCode = refusal.StatusCode == StatusCodes.Status405MethodNotAllowed
            ? StatusCodes.Status405MethodNotAllowed
            : ApiCode.HttpStatus(error.Code);
        Answer.Describe(response.Headers, requestId, json.Length);
        response.Headers.Connection = "close";
        var start = features.GetRequiredFeature<IHttpResponseBodyFeature>().StartAsync();
        if (!start.IsCompletedSuccessfully)
            throw new InvalidOperationException("An answer to no request begins at once: nobody else is heard.");
        var isHead = features.Get<IHttpRequestFeature>() is { } request && HttpMethods.IsHead(request.Method);
        remainder.Bytes = isHead ? default : json;
    }

    private ApiError ErrorOf(BadHttpRequestException refusal) => ErrorOf(refusal.StatusCode, WhyOf(refusal.Message));

    private ApiError ErrorOf(int status, string why) => status switch
    {
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status414UriTooLong
            or StatusCodes.Status431RequestHeaderFieldsTooLarge => new ApiError(
            ApiCode.TooLarge,
            $"the request's line and headers are too large; must be at most {maxHeadBytes} bytes: {why}"),
        StatusCodes.Status405MethodNotAllowed => new ApiError(
            ApiCode.NoSuchPath, $"the request's target is none that its method can have: {why}"),
        _ => ApiError.BadRequest($"the request's head cannot be answered; must be HTTP/1.1: {why}"),
    };

    /// <summary>The server quotes what it was sent only where it logs in detail; else the quotes are empty.</summary>
    private static string WhyOf(string message)
    {
        const string NotQuoted = ": ''";
        return message.EndsWith(NotQuoted, StringComparison.Ordinal) ? message[..^NotQuoted.Length] : message;
    }

    /// <summary>What of a connection's last answer is still to be written; set before the server is done with it.
    /// </summary>
    private sealed class Remainder
    {
        public ReadOnlyMemory<byte> Bytes { get; set; }
    }
}
