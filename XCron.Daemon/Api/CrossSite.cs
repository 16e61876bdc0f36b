using Microsoft.Net.Http.Headers;

namespace XCron.Daemon.Api;

/// <summary>
/// Refuses what a page of another site makes a browser send. A browser sends only some content types across sites
/// without asking first, and application/json is not among them: whoever sends that is the same site, or no browser.
/// </summary>
internal static class CrossSite
{
    private const string JsonType = "application/json";

    public static readonly ApiError Refusal = new(
        ApiCode.NotAllowed,
        "a browser sent this from another site; a request of that kind must have the content type application/json");

    public static bool Refuses(HttpRequest request)
    {
        if (IsJson(request.ContentType))
            return false;
        var headers = request.Headers;
        return headers["Sec-Fetch-Site"] == "cross-site" ||
            (headers.TryGetValue(HeaderNames.Origin, out var origin) && !IsOwn(origin.ToString(), request.Host));
    }

    private static bool IsJson(string? contentType) =>
        contentType is not null && contentType.StartsWith(JsonType, StringComparison.OrdinalIgnoreCase) &&
        (contentType.Length == JsonType.Length || contentType[JsonType.Length] is ';' or ' ');

    private static bool IsOwn(string origin, HostString host)
    {
        const string AfterScheme = "://";
        var authority = origin.IndexOf(AfterScheme, StringComparison.Ordinal);
        return authority >= 0 && host.HasValue &&
            origin.AsSpan(authority + AfterScheme.Length).Equals(host.Value, StringComparison.OrdinalIgnoreCase);
    }
}
