namespace XCron.Raft.Storage;

/// <summary>
/// The snapshots of a data directory. Files are made and deleted by one thread at a time; reading, and asking for the
/// latest, may be done from any.
/// </summary>
internal sealed class SnapshotStore
{
    private readonly IDisk _disk;
    private readonly Guid _clusterId;
    private readonly Lock _gate = new();
    private readonly List<Held> _held = []; // by index
    private readonly List<LogDamagedException> _damaged = [];
    private string? _receiving;

    /// <summary>Finds the snapshots of a directory; what was being written when the process died is removed.</summary>
    /// <exception cref="UnsupportedFormatException">A newer version wrote one.</exception>
    public SnapshotStore(IDisk disk, LogIdentity identity)
    {
        _disk = disk;
        _clusterId = identity.ClusterId;
        foreach (var name in disk.List().Order(StringComparer.Ordinal))
        {
            if (SnapshotName.TryParse(name, SnapshotName.BeingWritten, out _, out _))
                disk.Delete(name);
            else if (SnapshotName.TryParse(name, "", out var index, out var term))
                Examine(name, index, term);
        }

        // A rename that the last process did not get to sync must not be lost after the log behind it is cut.
        disk.SyncDirectory();
    }

    /// <summary>The newest snapshot whose header and footer are whole; null: there is none.</summary>
    public SnapshotMark? Latest
    {
        get
        {
            lock (_gate)
                return _held.Count == 0 ? null : _held[^1].Mark;
        }
    }

    /// <summary>What was found damaged at start; none of it is used.</summary>
    public IReadOnlyList<LogDamagedException> Damaged => _damaged;

    /// <summary>It turned out to be damaged where it was read; the one before it is now the latest.</summary>
    public void Distrust(SnapshotMark mark, LogDamagedException damage)
    {
        lock (_gate)
        {
            _held.RemoveAll(held => held.Mark == mark);
            _damaged.Add(damage);
        }
    }

    /// <summary>Begins a snapshot; with a pace it leaves the disk to others in between.</summary>
    public SnapshotWriter Create(SnapshotMark mark, SnapshotPace? pace = null) =>
        new(this, _disk, _clusterId, mark, pace);

    /// <summary>Its content; checked block by block as it is read.</summary>
    /// <exception cref="FileNotFoundException">There is no such snapshot any more.</exception>
    /// <exception cref="LogDamagedException">The header is damaged; the same may come from reading on.</exception>
    public Stream OpenRead(SnapshotMark mark)
    {
        var source = Require(mark);
        var name = SnapshotName.For(mark.Index, mark.Term);
        try
        {
            var header = SnapshotHeader.Read(source.File, name, _clusterId);
            return new SnapshotReadStream(source, new(source.File, name, header));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a snapshot's file for another node and keeps it from being deleted; null: it is not there.
    /// </summary>
    public SnapshotSource? OpenRaw(LogIndex index, Term term)
    {
        SnapshotMark mark;
        lock (_gate)
        {
            var held = Find(index, term);
            if (held is null)
                return null;

            held.Pins++;
            mark = held.Mark;
        }

        try
        {
            return new(this, mark, _disk.Open(SnapshotName.For(index, term)));
        }
        catch
        {
            Release(mark);
            throw;
        }
    }

    /// <summary>
    /// As <see cref="OpenRaw"/>, of a file that has just been read and checked whole: nobody is to pull what is damaged
    /// here. A check from before is not enough: a file that decayed since would be pulled again and again.
    /// </summary>
    /// <exception cref="LogDamagedException">It is damaged.</exception>
    public SnapshotSource? OpenToServe(LogIndex index, Term term)
    {
        var source = OpenRaw(index, term);
        if (source is null)
            return null;

        try
        {
            _ = SnapshotCheck.Verify(_disk, SnapshotName.For(index, term), _clusterId);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Length of a snapshot's file in bytes.</summary>
    /// <exception cref="FileNotFoundException">There is no such snapshot any more.</exception>
    public long RawLength(SnapshotMark mark)
    {
        using var source = Require(mark);
        return source.Length;
    }

    /// <summary>A piece of a snapshot's file. Opens it anew each time: for a whole transfer see OpenRaw.</summary>
    /// <exception cref="FileNotFoundException">There is no such snapshot any more.</exception>
    public int ReadRaw(SnapshotMark mark, long offset, Span<byte> buffer)
    {
        using var source = Require(mark);
        return source.Read(offset, buffer);
    }

    /// <summary>
    /// Begins to receive a snapshot, or goes on where it was broken off; the remains of others are removed.
    /// </summary>
    public SnapshotReceiver Receive(LogIndex index, Term term)
    {
        Invariant.Require(_receiving is null, "one snapshot is received at a time");
        var own = SnapshotName.For(index, term) + SnapshotName.BeingReceived;
        foreach (var name in _disk.List())
        {
            if (name != own && SnapshotName.TryParse(name, SnapshotName.BeingReceived, out _, out _))
                _disk.Delete(name);
        }

        var receiver = new SnapshotReceiver(this, _disk, _clusterId, index, term);
        _receiving = own;
        return receiver;
    }

    /// <summary>
    /// Deletes what is older than a snapshot: files, damaged ones, and remains of transfers. What is being read stays
    /// until the next call after it was released.
    /// </summary>
    public void DeleteOlderThan(SnapshotMark mark)
    {
        List<string> doomed = [];
        lock (_gate)
        {
            foreach (var held in _held.Where(held => held.Mark.Index < mark.Index && held.Pins == 0))
                doomed.Add(SnapshotName.For(held.Mark.Index, held.Mark.Term));
            _held.RemoveAll(held => held.Mark.Index < mark.Index && held.Pins == 0);
        }

        foreach (var name in _disk.List())
        {
            var isPart = SnapshotName.TryParse(name, SnapshotName.BeingReceived, out var index, out _);
            if (isPart && index <= mark.Index && name != _receiving)
                doomed.Add(name);
        }

        lock (_gate)
        {
            doomed.AddRange(_damaged.Select(damage => damage.File)
                .Where(name => SnapshotName.TryParse(name, "", out var index, out _) && index < mark.Index));
            _damaged.RemoveAll(damage => doomed.Contains(damage.File));
        }

        foreach (var name in doomed.Where(_disk.Exists))
            _disk.Delete(name);
        if (doomed.Count > 0)
            _disk.SyncDirectory();
    }

    /// <summary>
    /// The newest two stay, as after one that was written here: whoever pulls one after the other, as a node that lags
    /// again and again does, would fill its disk with them.
    /// </summary>
    public void DeleteAllButNewestTwo()
    {
        SnapshotMark? before;
        lock (_gate)
            before = _held.Count > 1 ? _held[^2].Mark : null;
        if (before is not null)
            DeleteOlderThan(before);
    }

    /// <summary>A file is in its place and durable.</summary>
    internal void Register(SnapshotMark mark)
    {
        lock (_gate)
        {
            var held = Find(mark.Index, mark.Term);
            if (held is null)
                _held.Add(new(mark));
            _held.Sort(static (left, right) => left.Mark.Index.CompareTo(right.Mark.Index));
            _damaged.RemoveAll(damage => damage.File == SnapshotName.For(mark.Index, mark.Term));
        }
    }

    internal void Release(SnapshotMark mark)
    {
        lock (_gate)
        {
            if (Find(mark.Index, mark.Term) is { } held)
                held.Pins--;
        }
    }

    internal void ReceiverEnded(string name)
    {
        if (_receiving == name)
            _receiving = null;
    }

    private void Examine(string name, LogIndex index, Term term)
    {
        using var file = _disk.Open(name);
        try
        {
            var header = SnapshotHeader.Read(file, name, _clusterId);
            _ = SnapshotFooter.Read(file, name, file.Length - SnapshotFooter.Bytes, header.Mark);
            if (header.Mark.Index != index || header.Mark.Term != term)
                throw new LogDamagedException(name, 32, $"this is a copy of the snapshot up to {header.Mark.Index}.");

            _held.Add(new(header.Mark));
        }
        catch (LogDamagedException damage)
        {
            _damaged.Add(damage);
        }
    }

    private SnapshotSource Require(SnapshotMark mark) => OpenRaw(mark.Index, mark.Term)
        ?? throw new FileNotFoundException($"There is no snapshot up to entry {mark.Index} of term {mark.Term}.");

    private Held? Find(LogIndex index, Term term) =>
        _held.Find(held => held.Mark.Index == index && held.Mark.Term == term);

    /// <summary>A whole snapshot, and how many are reading it.</summary>
    private sealed class Held(SnapshotMark mark)
    {
        public SnapshotMark Mark { get; } = mark;

        public int Pins { get; set; }
    }
}
