using System.Buffers;
using System.Text;

namespace XCron.Daemon.Api;

/// <summary>
/// Judges callback URLs. Thread-safe. Remembers the last ones it found good, because most tasks of a service share one
/// URL and parsing it anew is most of what judging a task would allocate.
/// </summary>
internal sealed class CallbackUrls(ICallbackRules rules)
{
    private const int MaxUrlBytes = 8192;
    private const int RememberedUrls = 256;
    private const int MaxRememberedBytes = 512;

    /// <summary>What no URL has unescaped; .NET's parser would trim or rewrite it in silence.</summary>
    private static readonly SearchValues<byte> ForbiddenBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 0x21).Select(octet => (byte)octet), 0x7F, (byte)'\\']);

    // Each place is read and replaced whole, by any thread; a lost update only forgets.
    private readonly byte[]?[] _good = new byte[]?[RememberedUrls];

    /// <summary>What is wrong with the URL, or null.</summary>
    public ApiError? Check(ReadOnlySpan<byte> url)
    {
        ref var place = ref _good[PlaceOf(url)];
        if (Volatile.Read(ref place) is { } known && url.SequenceEqual(known))
            return null;
        if (WhyNotUrl(url, out var target) is { } reason)
        {
            return new ApiError(
                ApiCode.BadUrl,
                $"callback.url{Named(url)} {reason}; must be {CreateFields.InCallback.Expected(CreateFields.Url)}");
        }

        if (rules.Check(target!) is { } refusal)
            return new ApiError(ApiCode.TargetNotAllowed, $"callback.url's target is not allowed: {refusal}");
        if (url.Length <= MaxRememberedBytes)
            Volatile.Write(ref place, url.ToArray());
        return null;
    }

    private static string Named(ReadOnlySpan<byte> url) =>
        url.IsEmpty ? "" : $" {Shown.Text(Encoding.UTF8.GetString(url))}";

    private static int PlaceOf(ReadOnlySpan<byte> url)
    {
        var hash = new HashCode();
        hash.AddBytes(url);
        return (int)((uint)hash.ToHashCode() % RememberedUrls);
    }

    private static string? WhyNotUrl(ReadOnlySpan<byte> url, out Uri? target)
    {
        target = null;
        if (url.IsEmpty)
            return "is empty";
        if (url.Length > MaxUrlBytes)
            return $"has {url.Length} bytes, more than the {MaxUrlBytes} allowed";
        if (url.ContainsAny(ForbiddenBytes))
            return "has a space, control character or backslash in it";
        if (!StartsWith(url, "http://"u8) && !StartsWith(url, "https://"u8))
            return "does not begin with http:// or https://";
        if (!Uri.TryCreate(Encoding.UTF8.GetString(url), UriKind.Absolute, out target) || target.Host.Length == 0)
            return "cannot be read";
        if (target.Port == 0)
            return "has port 0";
        return target.UserInfo.Length == 0
            ? null
            : "has a user name in it, which would not be sent (use the header Authorization)";
    }

    private static bool StartsWith(ReadOnlySpan<byte> url, ReadOnlySpan<byte> scheme) =>
        url.Length > scheme.Length && Ascii.EqualsIgnoreCase(url[..scheme.Length], scheme);
}
