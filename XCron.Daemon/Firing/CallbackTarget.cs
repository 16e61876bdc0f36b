namespace XCron.Daemon.Firing;

/// <summary>The part of a URL that attempts share places by.</summary>
internal static class CallbackTarget
{
    private const string SchemeEnd = "://";

    /// <summary>Host and port as written; all of what is no absolute URL.</summary>
    public static ReadOnlySpan<char> Of(ReadOnlySpan<char> url)
    {
        var schemeEnd = url.IndexOf(SchemeEnd, StringComparison.Ordinal);
        if (schemeEnd < 0)
            return url;
        var rest = url[(schemeEnd + SchemeEnd.Length)..];
        var end = rest.IndexOfAny("/?#\\");
        var authority = end < 0 ? rest : rest[..end];
        return authority[(authority.LastIndexOf('@') + 1)..];
    }
}
