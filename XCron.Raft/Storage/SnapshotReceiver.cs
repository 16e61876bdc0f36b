namespace XCron.Raft.Storage;

/// <summary>
/// Takes the bytes of another node's snapshot file. What arrived stays on disk over a broken stream and a restart and
/// is gone on from; only <see cref="Complete"/>, which checks all of it, makes it a snapshot. One thread at a time.
/// </summary>
internal sealed class SnapshotReceiver : IDisposable
{
    private readonly SnapshotStore _store;
    private readonly IDisk _disk;
    private readonly Guid _clusterId;
    private readonly LogIndex _index;
    private readonly Term _term;
    private readonly string _name;
    private readonly IDiskFile _file;
    private bool _isOver;

    public SnapshotReceiver(SnapshotStore store, IDisk disk, Guid clusterId, LogIndex index, Term term)
    {
        _store = store;
        _disk = disk;
        _clusterId = clusterId;
        _index = index;
        _term = term;
        _name = SnapshotName.For(index, term) + SnapshotName.BeingReceived;
        if (!disk.Exists(_name))
        {
            _file = disk.Create(_name);
            return;
        }

        _file = disk.Open(_name);
        try
        {
            Offset = WholeUpTo();
            _file.SetLength(Offset);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many bytes are here: where to go on pulling.</summary>
    public long Offset { get; private set; }

    /// <summary>
    /// Whether an earlier receiver had taken all of it and only its <see cref="Complete"/> is missing: no peer has any
    /// more to send.
    /// </summary>
    public bool IsWhole { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="DiskFullException">There is no space; the same bytes may be offered again.</exception>
    public void Append(ReadOnlySpan<byte> content)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        _file.Write(Offset, content);
        Offset += content.Length;
    }

    /// <summary>Checks every block, makes the file durable and gives it its name.</summary>
    /// <returns>What the file itself says it stands for.</returns>
    /// <exception cref="LogDamagedException">
    /// The bytes are no whole snapshot, or of another one: abandon them.
    /// </exception>
    public SnapshotMark Complete()
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        if (_file.Length != Offset)
            _file.SetLength(Offset);
        var header = SnapshotHeader.Read(_file, _name, _clusterId);
        if (header.Mark.Index != _index || header.Mark.Term != _term)
        {
            throw new LogDamagedException(
                _name, 32, $"the snapshot ends at {header.Mark.Index}, not at {_index} as offered.");
        }

        var blocks = new SnapshotBlocks(_file, _name, header);
        while (!blocks.Next().IsEmpty)
        {
            // Each block is checked as it is read.
        }

        _file.Sync();
        Dispose();
        _disk.Rename(_name, SnapshotName.For(_index, _term));
        _disk.SyncDirectory();
        _store.Register(header.Mark);
        return header.Mark;
    }

    /// <summary>Throws away what arrived.</summary>
    public void Abandon()
    {
        if (_isOver)
            return;

        Dispose();
        _disk.Delete(_name);
    }

    /// <summary>Closes the file; what arrived stays for the next receiver of the same snapshot.</summary>
    public void Dispose()
    {
        if (_isOver)
            return;

        _isOver = true;
        _file.Dispose();
        _store.ReceiverEnded(_name);
    }

    /// <summary>After a crash the tail of what arrived may be anything: only whole blocks are kept.</summary>
    private long WholeUpTo()
    {
        SnapshotBlocks? blocks = null;
        try
        {
            blocks = new(_file, _name, SnapshotHeader.Read(_file, _name, _clusterId));
            while (!blocks.Next().IsEmpty)
            {
                // Each block is checked as it is read.
            }

            IsWhole = true;
        }
        catch (LogDamagedException)
        {
            // Here the whole part ends; what follows is pulled again.
        }

        return blocks?.Position ?? 0;
    }
}
