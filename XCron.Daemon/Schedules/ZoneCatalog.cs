using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace XCron.Daemon.Schedules;

/// <summary>The time zones of this machine by their IANA names, each read once. Thread-safe.</summary>
internal static class ZoneCatalog
{
    private const int LongestName = 64;

    private static readonly string[] Areas =
    [
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
        "Etc",
    ];

    // Bounded: holds only zones that exist, and TryFind lets no second spelling of a file's path through.
    private static readonly ConcurrentDictionary<string, ZoneClock> Clocks = new(StringComparer.Ordinal);

    public static bool TryFind(string timezone, [NotNullWhen(true)] out ZoneClock? clock)
    {
        if (Clocks.TryGetValue(timezone, out clock))
            return true;
        if (!IsIanaName(timezone) || !TimeZoneInfo.TryFindSystemTimeZoneById(timezone, out var zone))
            return false;

        // .NET finds a zone by a name in the wrong case once it was read by the right one. Names here do not depend on
        // what was asked before.
        if (zone.Id != timezone && zone.Id.Equals(timezone, StringComparison.OrdinalIgnoreCase))
            return false;

        clock = Clocks.GetOrAdd(zone.Id, new ZoneClock(zone));
        return true;
    }

    /// <summary>A zone that was perhaps meant; null when nothing is near.</summary>
    public static string? FindNear(string timezone)
    {
        if (timezone.Length > LongestName)
            return null;

        var written = InTheUsualCase(timezone.Trim().Replace(' ', '_'));
        if (TryFind(written, out var clock) || TryFind(written.ToUpperInvariant(), out clock))
            return clock.Timezone;

        var city = written[(written.LastIndexOf('/') + 1)..];
        foreach (var area in Areas)
        {
            if (TryFind($"{area}/{city}", out clock))
                return clock.Timezone;
        }

        return null;
    }

    /// <summary>Words of letters, digits, '_', '-' and '+' with slashes between, and no file that is no zone.</summary>
    private static bool IsIanaName(string timezone)
    {
        // These say what this machine is set to, or count leap seconds: another node would read another time from them.
        if (timezone.Length is 0 or > LongestName || timezone is "localtime" or "posixrules"
            || timezone.StartsWith("right/", StringComparison.Ordinal)
            || timezone.StartsWith("posix/", StringComparison.Ordinal))
        {
            return false;
        }

        var before = '/';
        foreach (var letter in timezone)
        {
            var fits = before == '/'
                ? char.IsAsciiLetter(letter)
                : char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '+';
            if (!fits)
                return false;
            before = letter;
        }

        return before != '/';
    }

    /// <summary>"asia/shanghai" as "Asia/Shanghai".</summary>
    private static string InTheUsualCase(string timezone) =>
        string.Create(timezone.Length, timezone, static (letters, written) =>
        {
            for (var i = 0; i < letters.Length; i++)
            {
                letters[i] = i == 0 || written[i - 1] is '/' or '_' or '-'
                    ? char.ToUpperInvariant(written[i])
                    : char.ToLowerInvariant(written[i]);
            }
        });
}
