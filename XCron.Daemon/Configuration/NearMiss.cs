namespace XCron.Daemon.Configuration;

/// <summary>Finds what somebody probably meant.</summary>
internal static class NearMiss
{
    /// <summary>The key nearest to what was written, or null if none is near.</summary>
    public static ConfigurationKey? Find(string path)
    {
        var written = Normalize(path);
        var inPlace = Nearest(ConfigurationKeys.All, key => key.Path, written);

        // A key under the wrong [section], or under none, has the right last name.
        return inPlace ?? Nearest(ConfigurationKeys.All, key => key.Name, written[(written.LastIndexOf('.') + 1)..]);
    }

    /// <summary>The candidate nearest to what was written, or null if none is near.</summary>
    public static string? Find(string written, IReadOnlyList<string> candidates) =>
        Nearest(candidates, candidate => candidate, Normalize(written));

    /// <summary>
    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other (optimal string
    /// alignment).
    /// </summary>
    public static int Distance(string left, string right)
    {
        var costs = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            costs[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            costs[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replace = costs[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                costs[i, j] = Math.Min(replace, Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    costs[i, j] = Math.Min(costs[i, j], costs[i - 2, j - 2] + 1);
            }
        }

        return costs[left.Length, right.Length];
    }

    private static T? Nearest<T>(IReadOnlyList<T> candidates, Func<T, string> name, string written)
        where T : class
    {
        var limit = Math.Max(1, written.Length / 4);
        var nearest = candidates.MinBy(candidate => Distance(written, name(candidate)));
        return nearest is not null && Distance(written, name(nearest)) <= limit ? nearest : null;
    }

    private static string Normalize(string text) => text.ToLowerInvariant().Replace('-', '_');
}
