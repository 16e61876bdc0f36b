namespace XCron.Raft;

/// <summary>
/// A file of the node's data directory is not what was written, and it may hold what was acknowledged. Nothing of it is
/// served: the node must not vote or answer from it. Never retried; the truth is to be fetched from the other nodes.
/// </summary>
public sealed class LogDamagedException : IOException
{
    internal LogDamagedException(string file, long offset, string what)
        : base($"{file} is damaged at byte {offset}: {what}")
    {
        File = file;
        Offset = offset;
        What = what;
    }

    /// <summary>The file's name in the data directory.</summary>
    public string File { get; }

    /// <summary>Where in the file, in bytes.</summary>
    public long Offset { get; }

    /// <summary>What is wrong there, in words.</summary>
    public string What { get; }
}
