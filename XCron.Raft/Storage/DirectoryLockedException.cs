namespace XCron.Raft.Storage;

/// <summary>Another process has the data directory.</summary>
/// <param name="directory">Which.</param>
/// <param name="cause">The system's error.</param>
public sealed class DirectoryLockedException(string directory, Exception cause) : IOException(
    $"The data directory {directory} is in use by another process. Stop that one, or give this one a directory of its "
    + "own (raft_dir).", cause)
{
    /// <summary>The directory.</summary>
    public string Directory { get; } = directory;
}
