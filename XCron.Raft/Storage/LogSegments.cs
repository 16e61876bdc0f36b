namespace XCron.Raft.Storage;

/// <summary>
/// The segments of the log in order, changed by the writer's thread and read from any. Holds the only lock of the log;
/// no disk is touched under it.
/// </summary>
internal sealed class LogSegments : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<LogSegment> _segments = [];
    private long _cuts;

    public int Count
    {
        get
        {
            lock (_gate)
                return _segments.Count;
        }
    }

    /// <summary>The one that is written to. Writer's thread.</summary>
    public LogSegment Active => _segments[^1];

    /// <summary>Bytes of durable batches, headers included.</summary>
    public long DurableBytes
    {
        get
        {
            lock (_gate)
            {
                var bytes = 0L;
                foreach (var segment in _segments)
                    bytes += segment.Position;
                return bytes;
            }
        }
    }

    /// <summary>The first entry that is in force; Zero: none.</summary>
    public LogIndex FirstIndex
    {
        get
        {
            lock (_gate)
            {
                foreach (var segment in _segments)
                {
                    if (segment.HasEntries)
                        return segment.First;
                }

                return LogIndex.Zero;
            }
        }
    }

    public void Add(LogSegment segment)
    {
        lock (_gate)
            _segments.Add(segment);
    }

    /// <summary>A frame of the active segment has become durable.</summary>
    public void Advance(in BatchExtent extent, long offset, long end)
    {
        lock (_gate)
        {
            var cutFrom = extent.Reset ? new LogIndex(1) : extent.CutFrom;
            if (cutFrom is { } from)
            {
                _cuts++;
                foreach (var segment in _segments)
                    segment.CutFrom(from);
            }

            Active.Position = end;
            if (extent.HasEntries)
                Active.Note(extent.First, extent.Last, offset);
        }
    }

    /// <summary>
    /// Finds where an entry stands and pins its segment; null: it is not there, or, with <paramref name="cuts"/> of an
    /// earlier piece, entries have been truncated since.
    /// </summary>
    public LogPiece? Pin(LogIndex index, long? cuts)
    {
        lock (_gate)
        {
            if (cuts is { } earlier && earlier != _cuts)
                return null;

            foreach (var segment in _segments)
            {
                if (!segment.HasEntries || index < segment.First || index > segment.Last)
                    continue;

                segment.Pins++;
                segment.Locate(index, out var offset, out var end, out var last);
                return new(segment, offset, end, last, _cuts);
            }

            return null;
        }
    }

    public void Unpin(LogSegment segment)
    {
        lock (_gate)
            segment.Pins--;
    }

    /// <summary>
    /// Takes the oldest segment out if all its entries are before an index; never the active one, nor one that is being
    /// read: that one goes with the next call.
    /// </summary>
    public LogSegment? TakeOldestBefore(LogIndex keepFrom)
    {
        lock (_gate)
        {
            if (_segments.Count < 2 || _segments[0].Pins > 0)
                return null;

            var oldest = _segments[0];
            if (oldest.HasEntries && oldest.Last >= keepFrom)
                return null;

            _segments.RemoveAt(0);
            return oldest;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var segment in _segments)
                segment.File.Dispose();
        }
    }
}
