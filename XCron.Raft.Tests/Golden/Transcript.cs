namespace XCron.Raft.Tests.Golden;

/// <summary>What the commands made the cluster do, line by line.</summary>
internal sealed class Transcript
{
    private readonly List<string> _lines = [];
    private string? _heading;

    /// <summary>Only what changes who leads, what is read and what fails is told.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>What is told from now on happens because of this; null ends it.</summary>
    public void Because(string? heading)
    {
        if (IsQuiet)
            return;

        _heading = heading;
        if (heading is not null)
            _lines.Add(heading);
    }

    public void Tell(string line, bool isNews = false)
    {
        if (!IsQuiet || isNews)
            _lines.Add(_heading is null ? line : "  " + line);
    }

    public IReadOnlyList<string> Take()
    {
        string[] taken = [.. _lines];
        _lines.Clear();
        _heading = null;
        return taken;
    }
}
