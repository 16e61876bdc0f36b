namespace XCron.Raft.Storage;

/// <summary>
/// Writes frames: each with one write and one sync, into the segment at hand or as the beginning of a fresh one. A
/// failed sync is a <see cref="LogWriteFailedException"/>; after a <see cref="DiskFullException"/> nothing has changed.
/// </summary>
internal sealed class SegmentWriter(
    IDisk disk, LogIdentity identity, long segmentBytes, LogSegments segments, SpareSegments spares)
{
    // Room at a segment's end for the mark that the log goes on in another.
    private const int ContinuedBytes = FrameHeader.Bytes + FrameHeader.TrailerBytes;
    private const int OversizeStep = 4096;

    // Invariant: every frame up to this one is durable, since each write is synced before the next.
    private long _sequence;
    private uint _chain;

    /// <summary>The newest frame, which is durable.</summary>
    public long Sequence => _sequence;

    /// <summary>
    /// Goes on behind a frame that was read back, and makes sure of what was read: the last process may have been
    /// killed between write and sync. That frame is written once more, since its sync may have failed, and after that
    /// the system holds its pages for clean, and a sync writes nothing.
    /// </summary>
    public void Continue(long sequence, uint chain, long lastFrame)
    {
        _sequence = sequence;
        _chain = chain;
        var active = segments.Active;
        var frame = new byte[active.Position - lastFrame];
        active.File.Read(lastFrame, frame);
        active.File.Write(lastFrame, frame);
        Sync(active.File);
        SyncDirectory();
    }

    /// <summary>Whether the batch fits into the segment at hand.</summary>
    public bool Fits(BatchBuffer batch)
    {
        var active = segments.Active;
        return active.Position + batch.FrameBytes + ContinuedBytes <= active.Header.FileBytes;
    }

    public void WriteToActive(BatchBuffer batch, in BatchExtent extent)
    {
        var active = segments.Active;
        var crc = batch.SealFrame(_sequence + 1, _sequence, _chain, active.Seed);
        var frame = batch.Frame;
        active.File.Write(active.Position, frame);
        Sync(active.File);

        _sequence++;
        _chain = crc;
        segments.Advance(extent, active.Position, active.Position + frame.Length);
    }

    /// <summary>Begins a segment, with the batch as its first unless that is empty.</summary>
    /// <param name="batch">What is to be written.</param>
    /// <param name="before">Where the log stands before the batch.</param>
    /// <param name="extent">What the batch does.</param>
    public void WriteToFresh(BatchBuffer batch, in LogStand before, in BatchExtent extent)
    {
        var opening = _sequence + 1;
        var hasBatch = batch.Records > 0;
        var sealedBytes = BatchBuffer.PrefixBytes + (hasBatch ? batch.FrameBytes : 0);
        var spare = TakeSpare(sealedBytes + ContinuedBytes);
        var header = new SegmentHeader
        {
            Identity = identity,
            FirstSequence = opening,
            FileBytes = spare.FileBytes,
            SealedBytes = checked((int)sealedBytes),
            Recycled = spare.Recycled,
        };
        var crc = batch.SealOpening(header, before, _sequence, out var seed);
        if (hasBatch)
            crc = batch.SealFrame(opening + 1, _sequence, crc, seed);

        var segment = new LogSegment(spare.File, LogSegment.NameFor(opening), header, seed);
        PutInPlace(spare, segment, batch.FreshSegment);

        var full = segments.Count > 0 ? segments.Active : null;
        segments.Add(segment);
        segments.Advance(default, SegmentHeader.Bytes, BatchBuffer.PrefixBytes);
        if (hasBatch)
            segments.Advance(extent, BatchBuffer.PrefixBytes, sealedBytes);
        if (full is not null)
            MarkContinued(full, opening);
        _sequence = hasBatch ? opening + 1 : opening;
        _chain = crc;
    }

    private Spare TakeSpare(long bytes) => bytes <= segmentBytes
        ? spares.Take()
        : spares.TakeOversize((bytes + OversizeStep - 1) / OversizeStep * OversizeStep);

    /// <summary>Content first, name second: so a file with a segment's name is never half a one.</summary>
    private void PutInPlace(Spare spare, LogSegment segment, ReadOnlySpan<byte> content)
    {
        try
        {
            spare.File.Write(0, content);
            Sync(spare.File);
            disk.Rename(spare.Name, segment.Name);
        }
        catch (DiskFullException)
        {
            spares.Return(spare);
            throw;
        }

        SyncDirectory();
    }

    /// <summary>Without a sync: it only serves to notice, later, that the newest segment has gone missing.</summary>
    private void MarkContinued(LogSegment full, long nextSequence)
    {
        Span<byte> frame = stackalloc byte[ContinuedBytes];
        var mark = new FrameHeader
        {
            BodyBytes = 0,
            Sequence = nextSequence,
            DurableUpTo = nextSequence,
            Previous = _chain,
            Kind = FrameKind.Continued,
            Records = 0,
        };
        mark.Seal(frame, full.Seed);
        try
        {
            full.File.Write(full.Position, frame);
        }
        catch (DiskFullException)
        {
            // Possible where overwriting takes new space; the mark is an extra check, the log is whole without it.
        }
    }

    private static void Sync(IDiskFile file)
    {
        try
        {
            file.Sync();
        }
        catch (IOException error)
        {
            throw new LogWriteFailedException($"A sync of {file.Name}", error);
        }
    }

    private void SyncDirectory()
    {
        try
        {
            disk.SyncDirectory();
        }
        catch (IOException error)
        {
            throw new LogWriteFailedException("A sync of the data directory", error);
        }
    }
}
