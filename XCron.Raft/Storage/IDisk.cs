namespace XCron.Raft.Storage;

/// <summary>
/// One directory of files, as much of it as the log and the snapshots need, so that tests can lose what was not synced.
/// Errors are <see cref="IOException"/>. Every member is synchronous and may block; called from one thread at a time,
/// but for reads, which may come from any.
/// </summary>
internal interface IDisk
{
    /// <summary>The names of the files, in no order.</summary>
    IReadOnlyList<string> List();

    bool Exists(string name);

    /// <summary>Opens for reading and writing; the file must exist.</summary>
    IDiskFile Open(string name);

    /// <summary>Creates an empty file that must not exist. Durable only after <see cref="SyncDirectory"/>.</summary>
    IDiskFile Create(string name);

    /// <summary>Renames over any file of the new name. Durable only after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file that must exist. Durable only after <see cref="SyncDirectory"/>.</summary>
    void Delete(string name);

    /// <summary>
    /// Moves a file into a folder of the directory, which is made where it does not exist, over any file of its name
    /// there. Durable only after <see cref="SyncDirectory"/>.
    /// </summary>
    void MoveInto(string folder, string name);

    /// <summary>The names of the folders in the directory, in no order.</summary>
    IReadOnlyList<string> Folders();

    /// <summary>Makes creations, renames and deletions durable (fsync of the directory, fsync(2)).</summary>
    void SyncDirectory();

    long FreeBytes { get; }
}

/// <summary>An open file. Positions and lengths are in bytes.</summary>
internal interface IDiskFile : IDisposable
{
    string Name { get; }

    long Length { get; }

    /// <summary>Fills the buffer from the offset as far as the file goes; returns the bytes read.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of it, growing the file where needed. Durable only after <see cref="Sync"/>.</summary>
    void Write(long offset, ReadOnlySpan<byte> content);

    void SetLength(long length);

    /// <summary>Makes the content durable (fsync(2)). After a failure the file must not be trusted again.</summary>
    void Sync();
}
