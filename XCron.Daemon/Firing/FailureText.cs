using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;

namespace XCron.Daemon.Firing;

/// <summary>Says in a few words why an attempt failed; shown to the task's owner.</summary>
internal static class FailureText
{
    /// <summary>The limit of a recorded error.</summary>
    public const int MaxCharacters = 256;

    public static string OfTimeout(long timeoutMs) =>
        string.Create(CultureInfo.InvariantCulture, $"timed out after {timeoutMs / 1000.0:0.###} s");

    public static string OfStatus(int status) => status is >= 300 and < 400
        ? string.Create(CultureInfo.InvariantCulture, $"HTTP {status}; redirects are not followed")
        : string.Create(CultureInfo.InvariantCulture, $"HTTP {status}");

    public static string Of(Exception exception, TimeSpan connectTimeout)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (OfCause(inner, connectTimeout) is { } text)
                return Cut(text);
        }

        return Cut(exception.Message);
    }

    private static string? OfCause(Exception cause, TimeSpan connectTimeout) => cause switch
    {
        CallbackRefusedException refused => refused.Message,
        AuthenticationException authentication => $"TLS: {authentication.Message}",
        OperationCanceledException => string.Create(
            CultureInfo.InvariantCulture, $"connecting timed out after {connectTimeout.TotalSeconds:0.###} s"),
        SocketException socket => OfSocket(socket),
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "connection closed before the answer",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "the answer is not HTTP",
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            "the answer's headers are too long",
        _ => null,
    };

    private static string OfSocket(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "connection reset",
        SocketError.HostNotFound or SocketError.NoData => "host not found",
        SocketError.TryAgain => "host name could not be resolved",
        SocketError.TimedOut => "connecting timed out",
        SocketError.NetworkUnreachable => "network unreachable",
        SocketError.HostUnreachable => "host unreachable",
        SocketError.AccessDenied => "connecting was denied by this machine",
        _ => exception.Message,
    };

    private static string Cut(string text)
    {
        if (text.Length <= MaxCharacters)
            return text;
        var end = char.IsHighSurrogate(text[MaxCharacters - 1]) ? MaxCharacters - 1 : MaxCharacters;
        return text[..end];
    }
}
