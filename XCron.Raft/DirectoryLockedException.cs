namespace XCron.Raft;

/// <summary>Another process has the data directory; opening it may be tried again once that one has ended.</summary>
public sealed class DirectoryLockedException : IOException
{
    internal DirectoryLockedException(string directory, Exception cause)
        : base(
            $"The data directory {directory} is in use by another process. Stop that one, or give this one a directory "
            + "of its own (raft_dir).",
            cause) => Directory = directory;

    /// <summary>The directory, as it was given to <see cref="RaftDirectory.Open"/>.</summary>
    public string Directory { get; }
}
