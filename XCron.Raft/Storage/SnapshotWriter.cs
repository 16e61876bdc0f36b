using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// Takes a snapshot's content and writes it aside. Only <see cref="Complete"/> makes it a snapshot; disposed before
/// that, it leaves nothing behind. One thread at a time.
/// </summary>
internal sealed class SnapshotWriter : Stream
{
    private readonly SnapshotStore _store;
    private readonly IDisk _disk;
    private readonly string _name;
    private readonly SnapshotMark _mark;
    private readonly IDiskFile _file;
    private readonly SnapshotPace? _pace;
    private readonly byte[] _block = new byte[SnapshotBlocks.HeadBytes + SnapshotHeader.BlockBytes];
    private int _filled;
    private long _position;
    private long _blocks;
    private long _contentBytes;
    private uint _chain;
    private bool _isOver;

    /// <param name="store">Told when the snapshot is complete.</param>
    /// <param name="disk">Where it is written.</param>
    /// <param name="clusterId">Of which cluster it is.</param>
    /// <param name="mark">What it stands for.</param>
    /// <param name="pace">Rests between asynchronous writes; null: as fast as the disk goes.</param>
    public SnapshotWriter(SnapshotStore store, IDisk disk, Guid clusterId, SnapshotMark mark, SnapshotPace? pace)
    {
        _pace = pace;
        _store = store;
        _disk = disk;
        _mark = mark;
        _name = SnapshotName.For(mark.Index, mark.Term) + SnapshotName.BeingWritten;
        if (disk.Exists(_name))
            disk.Delete(_name);
        var header = SnapshotHeader.Encode(clusterId, mark, out _chain);
        _file = disk.Create(_name);
        try
        {
            Put(header);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => !_isOver;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _contentBytes;
        set => throw new NotSupportedException();
    }

    /// <exception cref="DiskFullException">There is no space; the snapshot is to be given up.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        while (!buffer.IsEmpty)
        {
            var taken = Math.Min(buffer.Length, SnapshotHeader.BlockBytes - _filled);
            buffer[..taken].CopyTo(_block.AsSpan(SnapshotBlocks.HeadBytes + _filled));
            buffer = buffer[taken..];
            _filled += taken;
            _contentBytes += taken;
            if (_filled == SnapshotHeader.BlockBytes)
                PutBlock();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return _pace?.WroteAsync(_file, buffer.Length, cancellationToken) ?? ValueTask.CompletedTask;
    }

    /// <summary>Does nothing: blocks go out when they are full, and all of it when it is complete.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Finishes the file, makes it durable and gives it its name. From now on it is the newest snapshot.
    /// </summary>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_filled > 0)
            PutBlock();
        var footer = new byte[SnapshotFooter.Bytes];
        new SnapshotFooter(_contentBytes, _blocks, _mark.Index, _mark.Term, _chain).Encode(footer);
        Put(footer);
        _file.Sync();
        _file.Dispose();
        _disk.Rename(_name, SnapshotName.For(_mark.Index, _mark.Term));
        _isOver = true;
        _disk.SyncDirectory();
        _store.Register(_mark);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isOver)
        {
            _isOver = true;
            _file.Dispose();
            _disk.Delete(_name);
        }

        base.Dispose(disposing);
    }

    private void PutBlock()
    {
        var block = _block.AsSpan(0, SnapshotBlocks.HeadBytes + _filled);
        BinaryPrimitives.WriteInt32LittleEndian(block, _filled);
        _chain = SnapshotBlocks.Seal(block, _chain);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], _chain);
        Put(block);
        _blocks++;
        _filled = 0;
    }

    private void Put(ReadOnlySpan<byte> content)
    {
        _file.Write(_position, content);
        _position += content.Length;
    }
}
