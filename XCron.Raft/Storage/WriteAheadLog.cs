namespace XCron.Raft.Storage;

/// <summary>
/// The replicated log on disk, with the node's term and vote in the same stream, so that their order cannot be
/// reversed. Append stages, Flush makes all that is staged durable with one write and one sync. One thread writes;
/// <see cref="Read"/> and the counters may be called from any.
/// </summary>
/// <remarks>
/// Segments begin with a frame that repeats where the log stands, so that older ones can go. A new segment is written
/// and synced under a spare's name and renamed afterwards: a file that bears a segment's name is whole up to there.
/// </remarks>
internal sealed class WriteAheadLog : IDisposable
{
    private readonly IDisk _disk;
    private readonly LogIdentity _identity;
    private readonly LogOptions _options;
    private readonly SpareSegments _spares;
    private readonly LogSegments _segments;
    private readonly LogReader _reader;
    private readonly SegmentWriter _writer;
    private readonly StagedBatch _staged = new();
    private Watermark? _watermark; // null: there was no space for it
    private LogStand _written;
    private bool _isConfirmed;
    private bool _hasNewSegment;
    private volatile LogWriteFailedException? _failure; // written by the writer's thread, read by Read

    private WriteAheadLog(
        IDisk disk, LogIdentity identity, LogOptions options, LogSegments segments, SpareSegments spares)
    {
        _disk = disk;
        _identity = identity;
        _options = options;
        _segments = segments;
        _spares = spares;
        _reader = new(segments);
        _writer = new(disk, identity, options.SegmentBytes, segments, spares);
        Recovery = new() { HardState = default, Entries = [], Commit = LogIndex.Zero };
    }

    /// <summary>What the log held when it was opened.</summary>
    public LogRecovery Recovery { get; private set; }

    /// <summary>
    /// The last entry that is durable; Zero, or the snapshot's, where there is none. Writer's thread.
    /// </summary>
    public LogIndex LastIndex => _written.Last;

    /// <summary>The first entry that <see cref="Read"/> finds; Zero: none. Any thread.</summary>
    public LogIndex FirstIndex => _segments.FirstIndex;

    /// <summary>Bytes of durable batches in the segments kept. Any thread.</summary>
    public long DurableBytes => _segments.DurableBytes;

    /// <summary>How many segments there are. Any thread.</summary>
    public int SegmentCount => _segments.Count;

    /// <summary>
    /// Whether the next segment is there: else, and if none can be made, the rest of the one at hand is all that is
    /// left. Writer's thread.
    /// </summary>
    public bool HasSpare => _spares.IsReady;

    /// <summary>Whether something waits for <see cref="Flush"/>.</summary>
    public bool HasStaged => !_staged.IsEmpty;

    /// <summary>
    /// Opens the log of a directory and reads it back, or begins one in a directory that has none. What it returns is
    /// durable, whatever the last process left unsynced.
    /// </summary>
    /// <param name="disk">The directory.</param>
    /// <param name="identity">Whose log it must be.</param>
    /// <param name="options">How new segments are made.</param>
    /// <param name="snapshot">The newest whole snapshot; entries up to it are not returned.</param>
    /// <exception cref="LogDamagedException">Something that was durable is not as it was written.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    /// <exception cref="DiskFullException">No space for the first segment; nothing was changed.</exception>
    public static WriteAheadLog Open(IDisk disk, LogIdentity identity, LogOptions options, SnapshotMark? snapshot)
    {
        var names = disk.List().Where(name => LogSegment.IsName(name, out _)).Order(StringComparer.Ordinal).ToArray();
        var log = new WriteAheadLog(disk, identity, options, new(), new(disk, options.SegmentBytes));
        try
        {
            if (names.Length > 0)
                log.Recover(names, snapshot);
            else if (snapshot is null)
                log.Begin();
            else
                throw new LogDamagedException(LogSegment.NameFor(1), 0, "there is a snapshot, but no log.");
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Stages one step, in this order: the reset, the truncation, the entries, the hard state, the commit index; no
    /// I/O. The payloads are copied here. A truncation of what is committed, a gap, a falling term or a second vote in
    /// a term breaks an invariant.
    /// </summary>
    public void Append(
        SnapshotMark? resetTo,
        LogIndex? truncateFrom,
        ReadOnlySpan<LogEntry> entries,
        HardState? hardState,
        LogIndex commit)
    {
        ThrowIfFailed();
        _staged.Append(resetTo, truncateFrom, entries, hardState, commit);
    }

    /// <summary>Makes all that is staged durable, as one batch: after a crash all of it is there or nothing.</summary>
    /// <exception cref="DiskFullException">
    /// Nothing of the batch is in the log, and it stays staged: call Flush again when there is space (more may be
    /// staged meanwhile), or <see cref="Discard"/>.
    /// </exception>
    /// <exception cref="LogWriteFailedException">The log is dead; every further call throws this.</exception>
    public void Flush()
    {
        ThrowIfFailed();
        if (!HasStaged)
            return;

        try
        {
            if (_writer.Fits(_staged.Buffer))
            {
                _writer.WriteToActive(_staged.Buffer, _staged.Extent);
            }
            else
            {
                _writer.WriteToFresh(_staged.Buffer, _written, _staged.Extent);
                _hasNewSegment = true;
            }
        }
        catch (IOException error) when (error is not DiskFullException)
        {
            throw Fail("A write of the log", error);
        }

        _written = _staged.Stand;
        _staged.StartBehind(_written);
        _isConfirmed = false;
        Mark();
    }

    /// <summary>Drops what is staged, as if it had never been; for a batch that found the disk full.</summary>
    public void Discard() => _staged.StartBehind(_written);

    /// <summary>
    /// Writes an empty batch behind the last one, with a sync of its own, so that damage to the last one is told from a
    /// write that was cut short. For when the writer has been idle for a moment, and for the stop. Does nothing where
    /// something is staged, or where it was done before; without space it is left out.
    /// </summary>
    public void Confirm()
    {
        ThrowIfFailed();
        if (HasStaged || _isConfirmed || !_writer.Fits(_staged.Buffer))
            return;

        try
        {
            _writer.WriteToActive(_staged.Buffer, default);
            _watermark?.Put(_writer.Sequence, _written);
            _watermark?.Sync();
            _isConfirmed = true;
        }
        catch (DiskFullException)
        {
            // The last batch stays as it is: durable and not yet confirmed.
        }
        catch (IOException error)
        {
            throw Fail("A write of the log", error);
        }
    }

    /// <summary>
    /// One bounded step of making the next segment ready ahead of need; true: call again. To be called on the writer's
    /// thread after what was flushed has been acknowledged; where it is not called, the batch that needs a new
    /// segment waits for it.
    /// </summary>
    public bool PrepareSpare()
    {
        ThrowIfFailed();
        try
        {
            if (_hasNewSegment)
                _watermark?.Sync(); // so that the newest segment cannot go missing unnoticed
            _hasNewSegment = false;
            return _spares.PrepareStep(_options.SpareStepBytes);
        }
        catch (IOException error)
        {
            throw Fail("Preparing a segment", error);
        }
    }

    /// <summary>
    /// Gives up segments whose entries are all before an index, which a durable snapshot must cover. Writer's thread.
    /// </summary>
    public void CompactTo(LogIndex keepFrom)
    {
        ThrowIfFailed();
        try
        {
            while (_segments.TakeOldestBefore(keepFrom) is { } segment)
            {
                if (!_spares.TryRecycle(segment))
                {
                    segment.File.Dispose();
                    _disk.Delete(segment.Name);
                }

                // One by one, oldest first: after a crash the log may begin earlier than thought but has no hole.
                _disk.SyncDirectory();
            }
        }
        catch (IOException error)
        {
            throw Fail("Removing a segment", error);
        }

        var first = _segments.FirstIndex;
        _written.MoveBase(first == LogIndex.Zero ? _written.Last : first.Previous);
        if (!HasStaged)
            _staged.StartBehind(_written);
    }

    /// <summary>
    /// Entries that are durable, from an index on, gapless: at most so many bytes but at least one; empty where the
    /// index is compacted away or not yet durable. Any thread.
    /// </summary>
    /// <exception cref="LogDamagedException">The file has been damaged since it was written.</exception>
    public LogEntry[] Read(LogIndex from, int maxBytes)
    {
        ThrowIfFailed();
        return _reader.Read(from, maxBytes);
    }

    /// <summary>Closes the files. Writes nothing; what is staged is lost.</summary>
    public void Dispose()
    {
        _watermark?.Dispose();
        _segments.Dispose();
        _spares.Dispose();
    }

    private void Begin()
    {
        _written = new();
        _staged.StartBehind(_written);
        try
        {
            _writer.WriteToFresh(_staged.Buffer, _written, default);
        }
        catch (IOException error) when (error is not DiskFullException)
        {
            throw Fail("Writing the first segment", error);
        }

        OpenWatermark(Watermark.Read(_disk, _identity));
    }

    private void OpenWatermark(in WatermarkReading reading)
    {
        try
        {
            _watermark = Watermark.Open(_disk, _identity, reading);
        }
        catch (IOException error)
        {
            throw Fail("Making the watermark", error);
        }

        Mark();
    }

    private void Mark()
    {
        try
        {
            _watermark?.Put(_writer.Sequence, _written);
        }
        catch (IOException error)
        {
            throw Fail("A write of the watermark", error);
        }
    }

    private void Recover(string[] names, SnapshotMark? snapshot)
    {
        var replay = new LogReplay(snapshot);
        var watermark = Watermark.Read(_disk, _identity);
        var scan = new LogScan(_disk, _identity, _segments, replay, watermark);
        scan.Run(names);
        _written = replay.Stand;
        _staged.StartBehind(_written);

        _writer.Continue(scan.Sequence, scan.Chain, scan.LastFrame);
        OpenWatermark(watermark);

        var wasReset = snapshot is not null && DoesNotLeadTo(snapshot);
        if (wasReset)
        {
            _staged.Reset(snapshot!.Index, snapshot.Term);
            Flush();
        }
        else if (replay.Stand.Terms.Base > (snapshot?.Index ?? LogIndex.Zero))
        {
            throw new LogDamagedException(names[0], 0, $"the log begins behind entry {replay.Stand.Terms.Base}, "
                + (snapshot is null ? "and there is no snapshot." : $"but the snapshot ends at {snapshot.Index}."));
        }

        Recovery = new()
        {
            HardState = _written.HardState,
            Entries = wasReset ? [] : replay.Entries,
            Commit = LogIndex.Max(_written.Commit, snapshot?.Index ?? LogIndex.Zero),
            Torn = scan.Torn,
            WasReset = wasReset,
            WatermarkUnreadableAt = watermark.UnreadableAt,
        };
    }

    /// <summary>Whether the log ends before the snapshot, or has another entry where the snapshot ends.</summary>
    private bool DoesNotLeadTo(SnapshotMark snapshot)
    {
        if (_written.Last < snapshot.Index)
            return true;
        if (_written.Terms.Base > snapshot.Index || _written.Terms.At(snapshot.Index) == snapshot.Term)
            return false;
        if (_written.Commit < snapshot.Index)
            return true;

        throw new LogDamagedException(_segments.Active.Name, 0, $"entry {snapshot.Index} is committed with term "
            + $"{_written.Terms.At(snapshot.Index)}, but the snapshot that ends there says {snapshot.Term}.");
    }

    private LogWriteFailedException Fail(string what, IOException cause) =>
        _failure = cause as LogWriteFailedException ?? new(what, cause);

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw new LogWriteFailedException("An earlier write or sync", failure.InnerException ?? failure);
    }
}
