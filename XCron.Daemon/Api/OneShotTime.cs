using System.Buffers.Text;
using System.Text;

namespace XCron.Daemon.Api;

/// <summary>The format of a one-shot: a 10-digit unix timestamp, or a delay from now such as +1h30m.</summary>
internal static class OneShotTime
{
    /// <summary>How late a timestamp may arrive and still be taken; it then fires at once.</summary>
    private const long PastToleranceSeconds = 5;

    private const int TimestampDigits = 10;
    private const long MsPerSecond = 1000;

    private const string Expected =
        "a unix timestamp in seconds of exactly 10 digits, or a delay from now such as \"+30m\", \"+1h30m\" or " +
        "\"+45s\" (units d, h, m, s in this order, each at most once)";

    public static bool IsTimestamp(ReadOnlySpan<byte> format) =>
        format.Length == TimestampDigits && format[0] != '0' && !format.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    /// <summary>Reads a format; returns what is wrong with it, or null.</summary>
    public static ApiError? Read(ReadOnlySpan<byte> format, long nowMs, out long dueMs)
    {
        dueMs = 0;
        if (format is [(byte)'+', _, ..])
            return ReadDelay(format, nowMs, out dueMs);
        if (!IsTimestamp(format) || !Utf8Parser.TryParse(format, out long seconds, out _))
            return NotATime(format);
        dueMs = seconds * MsPerSecond;

        // A timestamp has no fraction, and the present moment has: both are looked at in whole seconds.
        var pastSeconds = (nowMs / MsPerSecond) - seconds;
        if (pastSeconds <= PastToleranceSeconds)
            return null;
        return new ApiError(
            ApiCode.PastTimestamp,
            $"format is {seconds}, which was {pastSeconds} seconds ago; must not be more than " +
            $"{PastToleranceSeconds} seconds in the past (now is {nowMs / MsPerSecond})")
        {
            IsTooLate = true,
        };
    }

    private static ApiError? ReadDelay(ReadOnlySpan<byte> format, long nowMs, out long dueMs)
    {
        const int MaxDigits = 10;
        dueMs = nowMs;
        var parts = format[1..];
        var lastUnitSeconds = long.MaxValue;
        while (!parts.IsEmpty)
        {
            var digits = parts.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is < 1 or > MaxDigits || !Utf8Parser.TryParse(parts[..digits], out long count, out _))
                return NotATime(format);
            var unitSeconds = UnitSeconds(parts[digits]);
            if (unitSeconds == 0 || unitSeconds >= lastUnitSeconds)
                return NotATime(format);
            dueMs += count * unitSeconds * MsPerSecond;
            if (dueMs > UnixTime.LastMs)
                return TooFar(format);
            lastUnitSeconds = unitSeconds;
            parts = parts[(digits + 1)..];
        }

        return null;
    }

    private static ApiError NotATime(ReadOnlySpan<byte> format) =>
        new(ApiCode.BadTimestamp, $"format is {Text(format)}; must be {Expected}");

    private static ApiError TooFar(ReadOnlySpan<byte> format) => new(
        ApiCode.BadTimestamp,
        $"format is {Text(format)}, a delay that ends after the last 10-digit unix timestamp; must end by 9999999999");

    private static string Text(ReadOnlySpan<byte> format) => Shown.Text(Encoding.UTF8.GetString(format));

    private static long UnitSeconds(byte unit) => unit switch
    {
        (byte)'d' => 86_400,
        (byte)'h' => 3_600,
        (byte)'m' => 60,
        (byte)'s' => 1,
        _ => 0,
    };
}
