namespace XCron.Raft.Storage;

/// <summary>There was no space left for a write. Ends by itself when there is some; the write may then be repeated.</summary>
/// <param name="file">What was being written.</param>
/// <param name="cause">The disk's error, where there is one.</param>
public sealed class DiskFullException(string file, Exception? cause = null)
    : IOException($"No space is left on the disk to write {file}.", cause)
{
    /// <summary>What was being written.</summary>
    public string File { get; } = file;
}
