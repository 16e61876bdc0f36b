using System.Globalization;

namespace XCron.Raft.Tests;

/// <summary>Checklist.txt, read: what must hold, and the tests that hold it.</summary>
internal static class Checklist
{
    private const string Indent = "    ";
    private const string Missing = "missing: ";

    public static readonly string Path =
        System.IO.Path.Combine(TidyTests.SourceFile.Root, "XCron.Raft.Tests", "Checklist.txt");

    public static IReadOnlyList<Item> Read()
    {
        var items = new List<Item>();
        foreach (var (i, line) in File.ReadAllLines(Path).Index())
        {
            if (line.Length == 0 || line[0] == '#')
                continue;

            if (!line.StartsWith(Indent, StringComparison.Ordinal))
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                items.Add(new Item(i + 1, line[..space], line[(space + 1)..], [], []));
            }
            else if (line[Indent.Length..] is var text && text.StartsWith(Missing, StringComparison.Ordinal))
            {
                items[^1].Missing.Add(text[Missing.Length..]);
            }
            else
            {
                items[^1].Tests.Add(text);
            }
        }

        return items;
    }

    /// <param name="Line">In the file, from 1.</param>
    /// <param name="Key">The number in the checklist, or the section that makes the claim.</param>
    /// <param name="Title">What must hold.</param>
    /// <param name="Tests">Those that hold it.</param>
    /// <param name="Missing">What none holds, and why.</param>
    internal sealed record Item(int Line, string Key, string Title, List<string> Tests, List<string> Missing)
    {
        public bool IsClaim => Key[0] == '§';

        public int Number => int.Parse(Key, CultureInfo.InvariantCulture);
    }
}
