using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>Writes the envelope, each answer at once and with its length.</summary>
internal static class Answer
{
    private const string RequestIdHeader = "X-Request-Id";
    private const string RetryAfterSeconds = "1";
    private const int InitialBytes = 512;

    /// <summary>What every answer has.</summary>
    public static readonly FieldTable Envelope = new(
        "",
        [
            new("uuid", FieldType.Text, "the request's name, as in the header X-Request-Id") { IsRequired = true },
            new("code", FieldType.Integer, "0 for success, else one of the codes of the call") { IsRequired = true },
            new("message", FieldType.Text, "a string") { Doc = "Where code is not 0: what is wrong." },
            new("data", FieldType.Object, "an object") { Doc = "Where code is 0: what was asked for." },
        ]);

    /// <summary>Only what JSON itself asks for is escaped: the answers are JSON by their type, never markup.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task ErrorAsync(HttpContext context, Guid requestId, ApiError error) =>
        ErrorAsync(context, requestId, error, ApiCode.HttpStatus(error.Code));

    public static Task ErrorAsync(HttpContext context, Guid requestId, ApiError error, int httpStatus)
    {
        if (error.Code is ApiCode.NoLeader or ApiCode.Overloaded)
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        if (error.Code == ApiCode.NoKey)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        return WriteAsync(context, requestId, httpStatus, ErrorJson(requestId, error));
    }

    /// <summary>The envelope of a refusal.</summary>
    public static ReadOnlyMemory<byte> ErrorJson(Guid requestId, ApiError error)
    {
        var buffer = new ArrayBufferWriter<byte>(InitialBytes);
        using var json = new Utf8JsonWriter(buffer, Options);
        Open(json, requestId, error.Code);
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The headers of an answer that nobody is to keep.</summary>
    public static void Describe(IHeaderDictionary headers, Guid requestId, int length)
    {
        DescribeCreated(headers, requestId, length);
        headers.CacheControl = "no-store";
    }

    /// <summary>Success, with what <paramref name="write"/> writes as the value of data.</summary>
    public static Task DataAsync<TState>(
        HttpContext context, Guid requestId, TState state, Action<Utf8JsonWriter, TState> write)
    {
        var buffer = new ArrayBufferWriter<byte>(InitialBytes);
        using var json = new Utf8JsonWriter(buffer, Options);
        Open(json, requestId, ApiCode.Ok);
        json.WritePropertyName("data"u8);
        write(json, state);
        json.WriteEndObject();
        json.Flush();
        return WriteAsync(context, requestId, StatusCodes.Status200OK, buffer.WrittenMemory);
    }

    /// <summary>The answer to a create, by hand: the one that must cost nothing.</summary>
    public static Task CreatedAsync(HttpContext context, Guid requestId, TaskId task, bool isExisting)
    {
        const int MaxBytes = 160;
        const int UuidBytes = 36;
        Span<byte> json = stackalloc byte[MaxBytes];
        var length = Put(json, 0, "{\"uuid\":\""u8);
        requestId.TryFormat(json[length..], out _);
        length = Put(json, length + UuidBytes, "\",\"code\":0,\"data\":{\"task_id\":\""u8);
        task.Value.TryFormat(json[length..], out var digits);
        length = Put(json, length + digits, isExisting ? "\",\"existing\":true}}"u8 : "\"}}"u8);

        context.Response.StatusCode = StatusCodes.Status200OK;
        DescribeCreated(context.Response.Headers, requestId, length);
        var start = context.Response.StartAsync();
        if (!start.IsCompletedSuccessfully)
            return WriteStartedAsync(start, context.Response, json[..length].ToArray());
        context.Response.BodyWriter.Write(json[..length]);
        return Task.CompletedTask;
    }

    /// <summary>Success without an envelope: a document of its own kind.</summary>
    public static Task DocumentAsync(HttpContext context, Guid requestId, ReadOnlyMemory<byte> json) =>
        WriteAsync(context, requestId, StatusCodes.Status200OK, json);

    /// <summary>Success without an envelope: lines of JSON follow, and their number is not known.</summary>
    public static Task BeginLinesAsync(HttpContext context, Guid requestId)
    {
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers[RequestIdHeader] = requestId.ToString();
        return context.Response.StartAsync(context.RequestAborted);
    }

    private static void Open(Utf8JsonWriter json, Guid requestId, int code)
    {
        json.WriteStartObject();
        json.WriteString("uuid"u8, requestId);
        json.WriteNumber("code"u8, code);
    }

    private static int Put(Span<byte> json, int position, ReadOnlySpan<byte> text)
    {
        text.CopyTo(json[position..]);
        return position + text.Length;
    }

    private static Task WriteAsync(HttpContext context, Guid requestId, int httpStatus, ReadOnlyMemory<byte> json)
    {
        context.Response.StatusCode = httpStatus;
        Describe(context.Response.Headers, requestId, json.Length);
        return WriteStartedAsync(context.Response.StartAsync(), context.Response, json);
    }

    private static void DescribeCreated(IHeaderDictionary headers, Guid requestId, int length)
    {
        headers.ContentType = "application/json";
        headers.ContentLength = length;
        headers[RequestIdHeader] = requestId.ToString();
    }

    /// <remarks>
    /// Kestrel hands out its own output memory only once the answer has started; before, it would copy. It sends head
    /// and body together when the request ends.
    /// </remarks>
    private static async Task WriteStartedAsync(Task start, HttpResponse response, ReadOnlyMemory<byte> json)
    {
        await start;
        response.BodyWriter.Write(json.Span);
    }
}
