using System.Globalization;

namespace XCron.Raft.Storage;

/// <summary>
/// The names of snapshot files: <c>snapshot-index-term</c>, 16 hex digits each. Suffixed while it is being written
/// (.tmp) or received (.part).
/// </summary>
internal static class SnapshotName
{
    public const string BeingWritten = ".tmp";
    public const string BeingReceived = ".part";

    private const string Prefix = "snapshot-";
    private const int Digits = 16;

    public static string For(LogIndex index, Term term) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{index.Value:x16}-{term.Value:x16}");

    /// <summary>Whether this is exactly such a name, with this suffix.</summary>
    public static bool TryParse(string name, string suffix, out LogIndex index, out Term term)
    {
        index = default;
        term = default;
        if (name.Length != Prefix.Length + (2 * Digits) + 1 + suffix.Length
            || !TryParseHex(name.AsSpan(Prefix.Length, Digits), out var indexValue)
            || !TryParseHex(name.AsSpan(Prefix.Length + Digits + 1, Digits), out var termValue))
        {
            return false;
        }

        index = new(indexValue);
        term = new(termValue);
        return name == For(index, term) + suffix;
    }

    private static bool TryParseHex(ReadOnlySpan<char> digits, out long value) =>
        long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
