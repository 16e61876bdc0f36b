using System.Buffers;
using System.Text;

namespace XCron.Daemon.Api;

/// <summary>Reads callback.headers: what a user may add, and nothing that is the connection's or ours.</summary>
internal static class CallbackHeaders
{
    private const int MaxHeaders = 64;
    private const int MaxNameBytes = 256;
    private const int MaxValueBytes = 8192;

    /// <summary>RFC 9110 §5.6.2: the characters of a token.</summary>
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Those of one connection (RFC 9110 §7.6.1), and those that follow from URL and body.</summary>
    private static readonly string[] Refused =
    [
        "Connection", "Content-Length", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    ];

    private static readonly string[] RefusedPrefixes = ["webhook-", "X-Xcron-"];

    public static bool Read(ref StrictJson json, ref TaskFields fields)
    {
        const int Field = CreateFields.Headers;
        var table = CreateFields.InCallback;
        if (!json.Object(table, Field))
            return false;
        var headers = new List<TextPair>();
        while (json.NextEntry(out var name))
        {
            if (!json.IsText)
                return json.RefuseEntry(table, Field, name, $"is {json.ShownValue()}; must be a string");
            if (!json.Text(table, Field, out var value))
                return false;
            var refusal = headers.Count == MaxHeaders
                ? $"is one more than the {MaxHeaders} allowed"
                : WhyNot(name) ?? WhyNotValue(value) ?? (Contains(headers, name) ? "is given twice" : null);
            if (refusal is not null)
                return json.RefuseEntry(table, Field, name, refusal);
            headers.Add(new TextPair(name.ToArray(), value.ToArray()));
        }

        // An object of JSON has no order: who repeats a create may give them in any. No two differ only in case.
        headers.Sort(static (left, right) => Compare(left.Name, right.Name));
        fields.Headers = headers;
        return json.Error is null;
    }

    /// <summary>Whether one of them describes a body.</summary>
    public static bool DescribeBody(List<TextPair> headers)
    {
        var prefix = "Content-"u8;
        foreach (var header in headers)
        {
            ReadOnlySpan<byte> name = header.Name;
            if (name.Length > prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix))
                return true;
        }

        return false;
    }

    private static string? WhyNot(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > MaxNameBytes || name.ContainsAnyExcept(TokenBytes))
            return "is no HTTP header name";
        foreach (var refused in Refused)
        {
            if (Ascii.EqualsIgnoreCase(name, refused))
                return "belongs to the connection and cannot be set";
        }

        foreach (var prefix in RefusedPrefixes)
        {
            if (name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix))
                return "is one of those that xcron sets itself";
        }

        return null;
    }

    private static string? WhyNotValue(ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxValueBytes)
            return $"its value has {value.Length} bytes; must be at most {MaxValueBytes}";
        foreach (var octet in value)
        {
            if (octet is (< 0x20 or > 0x7E) and not (byte)'\t')
                return "its value must be printable ASCII in one line";
        }

        return null;
    }

    private static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        for (var position = 0; position < Math.Min(left.Length, right.Length); position++)
        {
            var difference = Lower(left[position]) - Lower(right[position]);
            if (difference != 0)
                return difference;
        }

        return left.Length - right.Length;

        static int Lower(byte letter) => letter is >= (byte)'A' and <= (byte)'Z' ? letter | 0x20 : letter;
    }

    private static bool Contains(List<TextPair> headers, ReadOnlySpan<byte> name)
    {
        foreach (var header in headers)
        {
            if (Ascii.EqualsIgnoreCase(name, header.Name))
                return true;
        }

        return false;
    }
}
