namespace XCron.Raft.Storage;

/// <summary>
/// Files kept ready to become segments, filled to their full length so that a sync in them touches no metadata: made
/// new in small steps, or left over when the log was compacted. At most two. Writer's thread.
/// </summary>
internal sealed class SpareSegments : IDisposable
{
    private const int MaxSpares = 2;
    private const string Prefix = "spare-";
    private const string OversizeName = "spare-oversize";

    private static readonly byte[] Zeros = new byte[256 * 1024];

    private readonly IDisk _disk;
    private readonly long _segmentBytes;
    private readonly List<Spare> _ready = [];
    private Spare? _unfinished;
    private long _filled;

    public SpareSegments(IDisk disk, long segmentBytes)
    {
        _disk = disk;
        _segmentBytes = segmentBytes;
        foreach (var name in disk.List().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order())
            Adopt(name);
    }

    /// <summary>Whether the next segment is there.</summary>
    public bool IsReady => _ready.Count > 0;

    /// <summary>Writes so much of the next segment, if none is ready. True: there is more to do.</summary>
    public bool PrepareStep(int bytes)
    {
        if (_ready.Count > 0)
            return false;

        try
        {
            if (_unfinished is null && _disk.FreeBytes < _segmentBytes)
                return false;

            FillSome(bytes);
        }
        catch (DiskFullException)
        {
            // Nothing needs it yet. The space it took is worth more to others until the log itself asks.
            Abandon();
            return false;
        }

        if (_filled < _segmentBytes)
            return true;

        _unfinished!.File.Sync();
        FinishUnfinished();
        return false;
    }

    /// <summary>A file of the ordinary length, made on the spot where none is ready.</summary>
    /// <exception cref="DiskFullException">There is none and no space for one.</exception>
    public Spare Take()
    {
        if (_ready.Count == 0)
        {
            try
            {
                while (_unfinished is null || _filled < _segmentBytes)
                    FillSome(Zeros.Length);
            }
            catch (DiskFullException)
            {
                Abandon();
                throw;
            }

            FinishUnfinished();
        }

        var spare = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        return spare;
    }

    /// <summary>A file of a length of its own, for a batch that fits into no ordinary one.</summary>
    /// <exception cref="DiskFullException">There is no space for it.</exception>
    public Spare TakeOversize(long fileBytes)
    {
        var spare = new Spare(OversizeName, _disk.Create(OversizeName), fileBytes, Recycled: false);
        try
        {
            for (var filled = 0L; filled < fileBytes; filled += Zeros.Length)
                spare.File.Write(filled, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, fileBytes - filled)));
            return spare;
        }
        catch (DiskFullException)
        {
            Remove(spare);
            throw;
        }
    }

    /// <summary>Takes a spare back that did not become a segment.</summary>
    public void Return(Spare spare)
    {
        if (spare.FileBytes == _segmentBytes)
            _ready.Add(spare with { Recycled = true });
        else
            Remove(spare);
    }

    /// <summary>
    /// Renames a segment that is no longer needed to a spare; false: there are enough, or it has another length. Until
    /// the directory is synced the file must not be written to: it may still be a segment after a crash.
    /// </summary>
    public bool TryRecycle(LogSegment segment)
    {
        if (segment.Header.FileBytes != _segmentBytes || FreeName() is not { } name)
            return false;

        try
        {
            _disk.Rename(segment.Name, name);
        }
        catch (DiskFullException)
        {
            return false;
        }

        _ready.Add(new(name, segment.File, _segmentBytes, Recycled: true));
        return true;
    }

    public void Dispose()
    {
        foreach (var spare in _ready)
            spare.File.Dispose();
        _unfinished?.File.Dispose();
    }

    private void Adopt(string name)
    {
        var file = _disk.Open(name);
        var spare = new Spare(name, file, _segmentBytes, Recycled: true);
        if (IsSpareName(name) && file.Length == _segmentBytes)
            _ready.Add(spare);
        else
            Remove(spare);
    }

    private void FillSome(int bytes)
    {
        if (_unfinished is null)
        {
            var name = FreeName() ?? throw new InvariantException("no spare is made while there are enough");
            _unfinished = new(name, _disk.Create(name), _segmentBytes, Recycled: false);
            _filled = 0;
        }

        var end = Math.Min(_segmentBytes, _filled + bytes);
        while (_filled < end)
        {
            var count = (int)Math.Min(Zeros.Length, end - _filled);
            _unfinished.File.Write(_filled, Zeros.AsSpan(0, count));
            _filled += count;
        }
    }

    private void FinishUnfinished()
    {
        _ready.Add(_unfinished!);
        _unfinished = null;
    }

    private void Abandon()
    {
        if (_unfinished is { } spare)
            Remove(spare);
        _unfinished = null;
    }

    private void Remove(Spare spare)
    {
        spare.File.Dispose();
        _disk.Delete(spare.Name);
    }

    private static bool IsSpareName(string name) => name is "spare-0" or "spare-1";

    private string? FreeName()
    {
        for (var i = 0; i < MaxSpares; i++)
        {
            var name = i == 0 ? "spare-0" : "spare-1";
            if (_ready.TrueForAll(spare => spare.Name != name) && _unfinished?.Name != name)
                return name;
        }

        return null;
    }
}
