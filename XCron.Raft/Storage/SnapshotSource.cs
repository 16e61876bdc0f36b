namespace XCron.Raft.Storage;

/// <summary>
/// The bytes of a snapshot's file as they are, for another node to pull. The file stays while this is open, also when
/// newer snapshots are taken. Reads may come from any thread.
/// </summary>
internal sealed class SnapshotSource : IDisposable
{
    private readonly SnapshotStore _store;
    private int _isReleased; // set once, by whichever thread disposes

    public SnapshotSource(SnapshotStore store, SnapshotMark mark, IDiskFile file)
    {
        _store = store;
        Mark = mark;
        File = file;
        Length = file.Length;
    }

    public SnapshotMark Mark { get; }

    /// <summary>Length of the file in bytes.</summary>
    public long Length { get; }

    internal IDiskFile File { get; }

    /// <summary>Fills the buffer from an offset as far as the file goes; returns the bytes read.</summary>
    public int Read(long offset, Span<byte> buffer) => File.Read(offset, buffer);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 1)
            return;

        File.Dispose();
        _store.Release(Mark);
    }
}
