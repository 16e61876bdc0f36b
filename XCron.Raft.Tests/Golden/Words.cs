using System.Globalization;

namespace XCron.Raft.Tests.Golden;

/// <summary>A command's words, read from left to right.</summary>
internal sealed class Words(string command)
{
    private readonly string[] _words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    private int _next;

    public bool IsOver => _next == _words.Length;

    public string Next()
    {
        if (IsOver)
            throw new FormatException("The command ends too early.");

        return _words[_next++];
    }

    public int Number()
    {
        var word = Next();
        return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{word}' is no number.");
    }

    /// <summary>All numbers that follow; perhaps none.</summary>
    public int[] Numbers()
    {
        var numbers = new List<int>();
        while (!IsOver && char.IsAsciiDigit(_words[_next][0]))
            numbers.Add(Number());
        return [.. numbers];
    }

    /// <summary>Takes the words if they are the next ones.</summary>
    public bool Take(params string[] expected)
    {
        if (!_words.AsSpan(_next).StartsWith(expected))
            return false;

        _next += expected.Length;
        return true;
    }

    public void Must(params string[] expected)
    {
        if (!Take(expected))
            throw new FormatException($"Expected '{string.Join(' ', expected)}' before '{Rest()}'.");
    }

    public string Rest()
    {
        var rest = string.Join(' ', _words[_next..]);
        _next = _words.Length;
        return rest;
    }

    public void End()
    {
        if (!IsOver)
            throw new FormatException($"'{Rest()}' is not understood.");
    }
}
