using System.Text;

namespace XCron.Raft.Tests.Golden;

/// <summary>Where a transcript goes another way than its file, with what stands around it.</summary>
internal static class Difference
{
    private const int Context = 4;
    private const int MaxShown = 40;

    public static string Between(string name, string expected, string actual)
    {
        var (was, goes) = (expected.Split('\n'), actual.Split('\n'));
        var from = 0;
        while (from < was.Length && from < goes.Length && was[from] == goes[from])
            from++;
        var alike = 0;
        while (alike < Math.Min(was.Length, goes.Length) - from && was[^(alike + 1)] == goes[^(alike + 1)])
            alike++;

        var text = new StringBuilder()
            .AppendLine($"{name}.txt:{from + 1}: it goes another way than the file says.")
            .AppendLine("If that is meant: XCRON_GOLDEN=rewrite dotnet test XCron.Raft.Tests --filter Golden");
        Show(text, "  ", was[Math.Max(0, from - Context)..from]);
        Show(text, "- ", was[from..(was.Length - alike)]);
        Show(text, "+ ", goes[from..(goes.Length - alike)]);
        Show(text, "  ", was[(was.Length - alike)..Math.Min(was.Length, was.Length - alike + Context)]);
        return text.ToString();
    }

    private static void Show(StringBuilder text, string mark, string[] lines)
    {
        foreach (var line in lines.Take(MaxShown))
            text.Append(mark).AppendLine(line);
        if (lines.Length > MaxShown)
            text.Append(mark).AppendLine($"and {lines.Length - MaxShown} lines more");
    }
}
