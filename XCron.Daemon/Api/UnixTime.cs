using System.Globalization;
using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>Times and durations as the contract writes them: strings of unix seconds, numbers of seconds.</summary>
internal static class UnixTime
{
    private const int MsPerSecond = 1000;

    /// <summary>The last moment a 10-digit timestamp can name.</summary>
    public const long LastMs = 9_999_999_999_999;

    /// <summary>The last that is read back: a schedule from the last 10-digit timestamp on is due later.</summary>
    public const long LastDueMs = 99_999_999_999_999;

    /// <summary>Unix seconds, with three decimals where the milliseconds are not zero.</summary>
    public static string Format(long unixMs)
    {
        var seconds = Math.DivRem(unixMs, MsPerSecond, out var milliseconds);
        return milliseconds == 0
            ? seconds.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{seconds}.{milliseconds:D3}");
    }

    /// <summary>Reads unix seconds with at most three decimals, from 0 to the last 10-digit one.</summary>
    public static bool TryParse(string text, out long unixMs) => TryParse(text, LastMs, out unixMs);

    /// <summary>Reads unix seconds with at most three decimals, from 0 on.</summary>
    public static bool TryParse(string text, long lastMs, out long unixMs)
    {
        const int MaxDigits = 15;
        unixMs = 0;
        if (text.Length is 0 or > MaxDigits || !char.IsAsciiDigit(text[0]) || !char.IsAsciiDigit(text[^1]) ||
            !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        var milliseconds = seconds * MsPerSecond;
        if (milliseconds != decimal.Truncate(milliseconds) || milliseconds > lastMs)
            return false;
        unixMs = (long)milliseconds;
        return true;
    }

    /// <summary>Writes a time, or null for 0.</summary>
    public static void WriteTime(this Utf8JsonWriter json, string name, long unixMs)
    {
        if (unixMs == 0)
            json.WriteNull(name);
        else
            json.WriteString(name, Format(unixMs));
    }

    /// <summary>Writes a duration as a number of seconds without superfluous zeros.</summary>
    public static void WriteSeconds(this Utf8JsonWriter json, string name, long milliseconds)
    {
        if (milliseconds % MsPerSecond == 0)
            json.WriteNumber(name, milliseconds / MsPerSecond);
        else
            json.WriteNumber(name, (double)milliseconds / MsPerSecond);
    }
}
