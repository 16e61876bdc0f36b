using System.Text;

namespace XCron.Raft.Tests.Golden;

/// <summary>
/// A golden file: comments and blank lines, commands at the left margin, and under each command, indented, what it
/// made the cluster do.
/// </summary>
internal sealed class Scenario(string name, IReadOnlyList<Scenario.Line> lines)
{
    private const string Indent = "  ";

    public string Name => name;

    public IReadOnlyList<Line> Lines => lines;

    public int Expectations => lines.Count(static line => line.Text.StartsWith("expect ", StringComparison.Ordinal));

    public static Scenario Parse(string name, string text)
    {
        var lines = new List<Line>();
        foreach (var (i, raw) in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Index())
        {
            if (raw.StartsWith(Indent, StringComparison.Ordinal))
            {
                if (lines.FindLast(static line => line.IsCommand) is not { } command || lines[^1] != command)
                    throw new FormatException($"{name}:{i + 1}: a transcript stands right under its command.");
                command.Expected.Add(raw[Indent.Length..]);
            }
            else
            {
                lines.Add(new Line(i + 1, raw));
            }
        }

        return new Scenario(name, lines);
    }

    /// <param name="transcripts">One for each command, in order.</param>
    public string Render(IReadOnlyList<IReadOnlyList<string>> transcripts)
    {
        var text = new StringBuilder();
        var command = 0;
        foreach (var line in lines)
        {
            text.Append(line.Text).Append('\n');
            if (!line.IsCommand)
                continue;

            foreach (var told in transcripts[command++])
                text.Append(Indent).Append(told).Append('\n');
        }

        return text.ToString();
    }

    /// <param name="Number">In the file, from 1.</param>
    /// <param name="Text">As it stands there.</param>
    internal sealed record Line(int Number, string Text)
    {
        public bool IsCommand => Text.Length > 0 && Text[0] != '#';

        public List<string> Expected { get; } = [];
    }
}
