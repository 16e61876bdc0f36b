using XCron.Raft.Tests;

namespace XCron.Daemon.Tests;

/// <summary>Contract.txt, read: what the HTTP API promises, and the tests that prove it.</summary>
internal static class Contract
{
    private const string Indent = "    ";
    private const string Section = "== ";

    private static readonly string Path =
        System.IO.Path.Combine(TidyTests.SourceFile.Root, "XCron.Daemon.Tests", "Contract.txt");

    public static IReadOnlyList<Promise> Read()
    {
        var promises = new List<Promise>();
        var section = "";
        foreach (var (i, line) in File.ReadAllLines(Path).Index())
        {
            if (line.Length == 0 || line[0] == '#')
                continue;

            if (line.StartsWith(Section, StringComparison.Ordinal))
                section = line[Section.Length..];
            else if (line.StartsWith(Indent, StringComparison.Ordinal))
                promises[^1].Tests.Add(line[Indent.Length..]);
            else
                promises.Add(new Promise(i + 1, section, line, []));
        }

        return promises;
    }

    /// <param name="Line">In the file, from 1.</param>
    /// <param name="Section">The contract's heading it stands under.</param>
    /// <param name="Text">Its number and what is promised.</param>
    /// <param name="Tests">Those that prove it.</param>
    internal sealed record Promise(int Line, string Section, string Text, List<string> Tests);
}
