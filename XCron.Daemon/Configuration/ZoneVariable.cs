namespace XCron.Daemon.Configuration;

/// <summary>
/// The variable TZ, by which a process is in another zone than its machine. The C library, and so cron, reads POSIX
/// rules there too ("CST-8"). .NET does not, and takes UTC in silence: every crontab line would run hours off.
/// </summary>
internal static class ZoneVariable
{
    public const string Name = "TZ";

    /// <summary>Whether .NET sees in it what the C library does.</summary>
    public static bool IsUnderstood(string value)
    {
        var zone = value.StartsWith(':') ? value[1..] : value;
        return zone.Length == 0 || IsRuleOfUtc(zone)
            || (Path.IsPathRooted(zone) ? File.Exists(zone) : TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _));
    }

    /// <summary>A POSIX rule without an offset, such as "UTC0".</summary>
    private static bool IsRuleOfUtc(ReadOnlySpan<char> zone)
    {
        var name = zone.TrimEnd('0');
        if (name.Length == zone.Length)
            return false;
        foreach (var letter in name.TrimEnd("+-"))
        {
            if (!char.IsAsciiLetter(letter))
                return false;
        }

        return true;
    }
}
