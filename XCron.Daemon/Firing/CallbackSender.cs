using System.Buffers;
using System.Net;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>Sends attempts over HTTP/1.1 and judges what comes back. Never throws for what a target does.</summary>
internal sealed class CallbackSender(
    HttpMessageHandler handler, FiringOptions options, TimeProvider time, ILogger logger)
    : IDisposable
{
    /// <summary>So much of an answer is read, so that its connection can be used again; then it is closed.</summary>
    public const int MaxAnswerBytes = 64 * 1024;

    /// <summary>
    /// So long is the rest of an answer waited for: its status has decided, and the result is better recorded.
    /// </summary>
    public const long DrainMs = 1000;

    private const int BufferBytes = 8 * 1024;

    private readonly HttpMessageInvoker _invoker = new(handler, disposeHandler: true);

    /// <summary>The handler for real targets: no redirects, cookies, proxies or decompression.</summary>
    public static SocketsHttpHandler CreateHandler(FiringOptions options, TimeProvider time) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxConnectionsPerServer = options.MaxPerHost,
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = 32,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = new CallbackConnector(
            new CallbackRules(options.AllowedNetworks, options.DeniedNetworks),
            new NameLookups(Dns.GetHostAddresses),
            time).ConnectAsync,
        PlaintextStreamFilter = static (connection, _) =>
            ValueTask.FromResult<Stream>(new SentOnceStream(connection.PlaintextStream)),
    };

    public async Task<CallbackAnswer> SendAsync(
        TaskRecord record, TaskDefinition definition, string traceParent, CancellationToken stopping)
    {
        using var attempt = new CancellationTokenSource(TimeSpan.FromMilliseconds(definition.TimeoutMs), time);
        await using var registration = stopping.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(), attempt);
        var started = time.GetTimestamp();
        try
        {
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            using var request = CallbackRequest.Build(
                record, definition, nowMs, options, traceParent);
            using var response = await _invoker.SendAsync(request, attempt.Token);
            var answer = Judge(response);
            var leftMs = definition.TimeoutMs - (long)time.GetElapsedTime(started).TotalMilliseconds;
            attempt.CancelAfter(TimeSpan.FromMilliseconds(Math.Clamp(leftMs, 0, DrainMs)));
            await DrainAsync(response, attempt.Token);
            return answer;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new CallbackAnswer { IsOk = false, IsCutOff = true };
        }
        catch (OperationCanceledException) when (attempt.IsCancellationRequested)
        {
            return new CallbackAnswer { IsOk = false, Error = FailureText.OfTimeout(definition.TimeoutMs) };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            or OperationCanceledException or UriFormatException or FormatException or NotSupportedException)
        {
            return new CallbackAnswer { IsOk = false, Error = FailureText.Of(exception, options.ConnectTimeout) };
        }
        catch (Exception exception)
        {
            // Not foreseen; the run is the user's, so it is a failed attempt like any other and not the end of all.
            logger.AttemptDefect(exception, record.Id);
            return new CallbackAnswer { IsOk = false, Error = FailureText.Of(exception, options.ConnectTimeout) };
        }
    }

    public void Dispose() => _invoker.Dispose();

    private CallbackAnswer Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
            return new CallbackAnswer { IsOk = true, HttpStatus = status };
        var mayAskToWait = response.StatusCode
            is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
        return new CallbackAnswer
        {
            IsOk = false,
            HttpStatus = status,
            Error = FailureText.OfStatus(status),
            RetryAfterMs = mayAskToWait ? RetryAfterMs(response) : 0,
            IsGone = response.StatusCode == HttpStatusCode.Gone,
            IsFinal = response.StatusCode == HttpStatusCode.Gone || IsNoRetry(response),
        };
    }

    private long RetryAfterMs(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => IsEndless(response) ? TimeSpan.MaxValue : TimeSpan.Zero,
        };
        return Math.Max(0, (long)wait.TotalMilliseconds);
    }

    /// <summary>A number of seconds beyond what the type of the header holds, which is 68 years.</summary>
    private static bool IsEndless(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("Retry-After", out var values)
        && values.Any(static value => value.Length > 0 && !value.AsSpan().ContainsAnyExceptInRange('0', '9'));

    private static bool IsNoRetry(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("X-Xcron-No-Retry", out var values)
        && values.Any(static value => value.Trim().Equals("true", StringComparison.OrdinalIgnoreCase));

    /// <summary>The status has decided already: what becomes of the rest changes nothing but the connection.</summary>
    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            for (var left = MaxAnswerBytes; left > 0;)
            {
                var read = await stream.ReadAsync(
                    buffer.AsMemory(0, Math.Min(left, BufferBytes)), cancellationToken);
                if (read == 0)
                    return;
                left -= read;
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            or OperationCanceledException)
        {
            // The connection is closed with the response.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
