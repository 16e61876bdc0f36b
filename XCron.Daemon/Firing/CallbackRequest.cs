using System.Globalization;
using System.Net;
using Google.Protobuf;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>Makes the HTTP request of an attempt.</summary>
internal static class CallbackRequest
{
    private static readonly byte[] NoBody = "{}"u8.ToArray();

    /// <param name="record">The task, with the open run that the attempt is of.</param>
    /// <param name="definition">Its definition; its body is sent from where it is.</param>
    /// <param name="nowMs">The time of sending.</param>
    /// <param name="options">The User-Agent, unless the task has one of its own; and the secrets to sign with.</param>
    /// <param name="traceParent">Unless the task has one of its own.</param>
    /// <exception cref="UriFormatException">The definition's URL is none.</exception>
    public static HttpRequestMessage Build(
        TaskRecord record, TaskDefinition definition, long nowMs, FiringOptions options, string traceParent)
    {
        var run = record.Run!;
        var method = definition.Method.Length == 0 ? HttpMethod.Post : HttpMethod.Parse(definition.Method);
        var request = new HttpRequestMessage(method, new Uri(definition.Url, UriKind.Absolute))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = method == HttpMethod.Get ? null : new ReadOnlyMemoryContent(Body(definition.Body)),
        };
        var runId = RunId.Format(record.Id, run.Sequence);
        var headers = request.Headers;
        headers.TryAddWithoutValidation("X-Xcron-Task-Id", record.Id.ToString());
        if (definition.Name.Length > 0)
            headers.TryAddWithoutValidation("X-Xcron-Task-Name", definition.Name);
        headers.TryAddWithoutValidation("X-Xcron-Run-Id", runId);
        headers.TryAddWithoutValidation("X-Xcron-Scheduled-Time", UnixSeconds(run.ScheduledMs));
        headers.TryAddWithoutValidation("X-Xcron-Attempt", run.Attempt.ToString(CultureInfo.InvariantCulture));
        headers.TryAddWithoutValidation("webhook-id", runId);
        var timestamp = (nowMs / 1000).ToString(CultureInfo.InvariantCulture);
        headers.TryAddWithoutValidation("webhook-timestamp", timestamp);
        if (options.SigningSecrets.Count > 0)
        {
            ReadOnlySpan<byte> body = method == HttpMethod.Get ? [] : Body(definition.Body).Span;
            headers.TryAddWithoutValidation("webhook-signature", Sign(options.SigningSecrets, runId, timestamp, body));
        }

        foreach (var header in definition.Headers)
            Add(request, header.Name, header.Value);
        if (!headers.NonValidated.Contains("User-Agent"))
            headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        if (!headers.NonValidated.Contains("traceparent"))
            headers.TryAddWithoutValidation("traceparent", traceParent);
        if (method != HttpMethod.Get && !request.Content!.Headers.NonValidated.Contains("Content-Type"))
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        return request;
    }

    /// <summary>Unix seconds, with three decimals where there are milliseconds.</summary>
    public static string UnixSeconds(long unixMs)
    {
        var (seconds, milliseconds) = Math.DivRem(unixMs, 1000);
        return milliseconds == 0
            ? seconds.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{milliseconds:000}");
    }

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (request.Headers.TryAddWithoutValidation(name, value))
            return;

        // A header about the content, which .NET keeps with it. A GET with such a header says that it has no bytes.
        request.Content ??= new ReadOnlyMemoryContent(ReadOnlyMemory<byte>.Empty);
        request.Content.Headers.TryAddWithoutValidation(name, value);
    }

    private static ReadOnlyMemory<byte> Body(ByteString body) => body.IsEmpty ? NoBody : body.Memory;

    /// <summary>Standard Webhooks: one signature for each secret, parted by spaces.</summary>
    private static string Sign(
        IReadOnlyList<SigningSecret> secrets, string id, string timestamp, ReadOnlySpan<byte> body)
    {
        var signatures = secrets[0].Sign(id, timestamp, body);
        for (var other = 1; other < secrets.Count; other++)
            signatures += $" {secrets[other].Sign(id, timestamp, body)}";
        return signatures;
    }
}
