namespace XCron.Raft;

/// <summary>
/// There was no space left for a write, and nothing was changed. Ends by itself when there is some; what was called may
/// then be called again. A node that is running rejects proposals instead (<see cref="RejectReason.DiskFull"/>).
/// </summary>
public sealed class DiskFullException : IOException
{
    internal DiskFullException(string file, Exception? cause = null)
        : base($"No space is left on the disk to write {file}.", cause) => File = file;

    /// <summary>What was being written: a file's name in the data directory.</summary>
    public string File { get; }
}
