namespace XCron.Raft.Storage;

/// <summary>
/// A file of the node's data directory is not what was written, and it may hold what was acknowledged. Nothing of it is
/// served: the node must not vote or answer from it. Never retried; the truth is to be fetched from the other nodes.
/// </summary>
/// <param name="file">The file's name in the data directory.</param>
/// <param name="offset">Where in the file, in bytes.</param>
/// <param name="what">What is wrong there.</param>
public sealed class LogDamagedException(string file, long offset, string what)
    : IOException($"{file} is damaged at byte {offset}: {what}")
{
    /// <summary>The file's name in the data directory.</summary>
    public string File { get; } = file;

    /// <summary>Where in the file, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong there.</summary>
    public string What { get; } = what;
}
