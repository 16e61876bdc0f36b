using System.Diagnostics;
using System.Text.RegularExpressions;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>What a process asked of the system, as strace saw it: each call where it ended, and who made it.</summary>
internal sealed partial class SystemCalls
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, string> _threadNames = [];
    private readonly List<Call> _calls = [];

    private SystemCalls(IEnumerable<string> lines)
    {
        var begun = new Dictionary<string, string>();
        foreach (var line in lines)
        {
            if (Line().Match(line) is not { Success: true } match)
                continue;

            var (thread, text) = (match.Groups["thread"].Value, match.Groups["text"].Value);
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                begun[thread] = text;
            else
                Add(thread, text.StartsWith("<... ", StringComparison.Ordinal) ? begun[thread] : text);
        }
    }

    public IReadOnlyList<Call> All => _calls;

    /// <summary>Linux knows the first 15 letters of a thread's name.</summary>
    public string? ThreadNamed(string name) =>
        _threadNames.FirstOrDefault(thread => thread.Value == name[..Math.Min(15, name.Length)]).Key;

    /// <summary>Null where there is no strace, or it may not look.</summary>
    public static async Task<SystemCalls?> OfAsync(string calls, params string[] command)
    {
        var output = Path.GetTempFileName();
        var start = new ProcessStartInfo("strace")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-f", "-qq", "-y", "-s", "64", "-e", $"trace={calls}", "-o", output },
        };
        foreach (var word in command)
            start.ArgumentList.Add(word);
        try
        {
            using var process = Process.Start(start)!;
            var outputs = Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Limit);
            var said = await outputs;
            if (process.ExitCode != 0 && said[1].Contains("ptrace", StringComparison.OrdinalIgnoreCase))
                return null;

            Assert.That(process.ExitCode, Is.Zero, string.Concat(said));
            return new SystemCalls(await File.ReadAllLinesAsync(output));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        finally
        {
            File.Delete(output);
        }
    }

    private void Add(string thread, string text)
    {
        _calls.Add(new Call(thread, text));
        if (ThreadName().Match(text) is { Success: true } named)
            _threadNames[named.Groups["thread"].Value] = named.Groups["name"].Value;
    }

    [GeneratedRegex("^(?<thread>[0-9]+) +(?<text>.*)$")]
    private static partial Regex Line();

    // A thread is named through /proc by the one that starts it.
    [GeneratedRegex("^write\\([0-9]+<[^>]*/task/(?<thread>[0-9]+)/comm>, \"(?<name>[^\"]*)\"")]
    private static partial Regex ThreadName();

    internal sealed record Call(string Thread, string Text);
}
