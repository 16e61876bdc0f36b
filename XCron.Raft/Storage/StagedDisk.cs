namespace XCron.Raft.Storage;

/// <summary>
/// The files of a directory that bear a prefix, by the names they have without it: a place in the directory where its
/// successor is made ready.
/// </summary>
internal sealed class StagedDisk(IDisk disk, string prefix) : IDisk
{
    public long FreeBytes => disk.FreeBytes;

    public IReadOnlyList<string> List() =>
    [
        .. disk.List()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..]),
    ];

    public bool Exists(string name) => disk.Exists(prefix + name);

    public IDiskFile Open(string name) => disk.Open(prefix + name);

    public IDiskFile Create(string name) => disk.Create(prefix + name);

    public void Rename(string from, string to) => disk.Rename(prefix + from, prefix + to);

    public void Delete(string name) => disk.Delete(prefix + name);

    public void MoveInto(string folder, string name) => disk.MoveInto(folder, prefix + name);

    public IReadOnlyList<string> Folders() => disk.Folders();

    public void SyncDirectory() => disk.SyncDirectory();
}
