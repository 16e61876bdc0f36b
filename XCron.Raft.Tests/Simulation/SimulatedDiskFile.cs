using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Simulation;

/// <summary>An open file of a <see cref="SimulatedDisk"/>; void after a crash.</summary>
internal sealed class SimulatedDiskFile(SimulatedDisk disk, SimulatedDiskContent content, string name) : IDiskFile
{
    private readonly int _life = disk.Lives;
    private bool _isClosed;

    public string Name => name;

    public long Length => Content.Length;

    private SimulatedDiskContent Content
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_life != disk.Lives)
                throw new InvalidOperationException($"{name} was opened before the crash.");

            return content;
        }
    }

    public int Read(long offset, Span<byte> buffer) => disk.Read(Content, offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes) => disk.Write(Content, name, offset, bytes);

    public void SetLength(long length) => disk.SetLength(Content, length);

    public void Sync() => disk.Sync(Content);

    public void Dispose() => _isClosed = true;
}
