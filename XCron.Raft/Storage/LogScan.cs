using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace XCron.Raft.Storage;

/// <summary>
/// Reads all segments at start. Only what was being written when the process died may be missing: the last batch of the
/// last segment. It is cut; anything else that is not as it was written is damage.
/// </summary>
/// <remarks>
/// How the end is found. Frames are followed as long as each is whole, has the next sequence and names the checksum of
/// the one before. The first that fails ends the log, if nothing says that it had been durable: it stands behind the
/// bytes that were synced before the segment got its name, no later frame of this segment's life claims it
/// durable, none stands elsewhere under its sequence, the segment has no mark of being continued, and the watermark
/// does not know of it. The checksums are seeded with the segment's own, so what is left in a recycled file takes no
/// part in this.
/// </remarks>
internal sealed class LogScan(
    IDisk disk, LogIdentity identity, LogSegments segments, LogReplay replay, WatermarkReading watermark)
{
    private const int WindowBytes = 256 * 1024;

    /// <summary>The sequence of the last frame.</summary>
    public long Sequence { get; private set; }

    /// <summary>The checksum of the last frame.</summary>
    public uint Chain { get; private set; }

    /// <summary>Where in the last segment the last frame begins.</summary>
    public long LastFrame { get; private set; }

    public TornTail? Torn { get; private set; }

    /// <summary>Changes nothing on disk; what was cut short is left where it is.</summary>
    public bool LeavesRemains { get; init; }

    public void Run(IReadOnlyList<string> names)
    {
        // All headers first: what is wrong with the set of files is said before what is wrong in one of them.
        var opened = new List<LogSegment>();
        var read = 0;
        LogDamagedException? damagedHeader = null;
        try
        {
            try
            {
                foreach (var name in names)
                    opened.Add(OpenSegment(name));
            }
            catch (LogDamagedException damage)
            {
                damagedHeader = damage;
            }

            while (read < opened.Count)
            {
                var segment = opened[read++];
                segments.Add(segment);
                ReadSegment(segment, read < names.Count ? names[read] : null);
            }
        }
        catch (LogDamagedException) when (damagedHeader is not null)
        {
            // The segments before it were read for what they hold, up to here; the header is what is told.
        }
        finally
        {
            foreach (var unread in opened.Skip(read))
                unread.File.Dispose();
        }

        if (damagedHeader is not null)
            throw damagedHeader;
    }

    private LogSegment OpenSegment(string name)
    {
        var file = disk.Open(name);
        try
        {
            var header = SegmentHeader.Read(file, name, identity, out var seed);
            _ = LogSegment.IsName(name, out var firstSequence);
            if (header.FirstSequence != firstSequence)
            {
                throw new LogDamagedException(
                    name, 40, $"this is a copy of {LogSegment.NameFor(header.FirstSequence)} under another name.");
            }

            if (header.FileBytes != file.Length)
            {
                throw new LogDamagedException(
                    name, file.Length, $"the file is {file.Length} bytes long and should be {header.FileBytes}.");
            }

            return new(file, name, header, seed);
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }
    }

    private void ReadSegment(LogSegment segment, string? next)
    {
        var reader = new FrameReader(segment.File, segment.Header.FileBytes, segment.Seed, WindowBytes);
        var position = (long)SegmentHeader.Bytes;
        var isContinued = false;
        Sequence = segment.Header.FirstSequence - 1;
        Chain = segment.Seed;
        while (reader.TryRead(position, out var header, out var crc, out var body)
            && header.Sequence == Sequence + 1 && header.Previous == Chain)
        {
            isContinued = header.Kind == FrameKind.Continued;
            if (isContinued)
                break;
            if (header.Kind == FrameKind.Opening != (position == SegmentHeader.Bytes))
                throw new LogDamagedException(segment.Name, position, "a segment's opening is not its first.");

            var extent = replay.Apply(segment.Name, position, header, body);
            segments.Advance(extent, position, position + header.FrameBytes);
            LastFrame = position;
            position += header.FrameBytes;
            Sequence = header.Sequence;
            Chain = crc;
        }

        if (next is not null)
            CheckJoint(segment, position, isContinued, next);
        else if (isContinued)
            throw Missing(segment, position);
        else
            EndAt(segment, position, reader);
    }

    private void CheckJoint(LogSegment segment, long position, bool isContinued, string next)
    {
        _ = LogSegment.IsName(next, out var nextSequence);
        if (nextSequence == Sequence + 1)
            return;
        if (isContinued)
            throw Missing(segment, position);

        throw new LogDamagedException(segment.Name, position, nextSequence > Sequence
            ? $"batch {Sequence + 1} is missing or fails its check; it was durable, since {next} was begun after it."
            : $"batch {nextSequence} stands here and in {next} too.");
    }

    private LogDamagedException Missing(LogSegment segment, long position) =>
        new(segment.Name, position, $"the log goes on in {LogSegment.NameFor(Sequence + 1)}, which is missing.");

    /// <summary>Decides whether the log may end here, and clears what a batch that was cut short left behind.</summary>
    private void EndAt(LogSegment segment, long position, FrameReader reader)
    {
        if (position < segment.Header.SealedBytes)
        {
            throw new LogDamagedException(segment.Name, position,
                $"batch {Sequence + 1} fails its check; it was durable before the file got its name.");
        }

        if (watermark.Sequence > Sequence)
        {
            throw new LogDamagedException(segment.Name, position,
                $"batch {Sequence + 1} is missing or fails its check; file {Watermark.Name} says that the log was "
                + $"durable up to batch {watermark.Sequence}, with entry {watermark.Last} as the last.");
        }

        var tornEnd = EndOfRemains(segment, position, reader);
        if (reader.TryReadHead(position, out var head) && head.Sequence == Sequence + 1)
            tornEnd = Math.Max(tornEnd, Math.Min(position + head.FrameBytes, segment.Header.FileBytes));
        if (tornEnd > position)
        {
            Torn = new(segment.Name, position, tornEnd - position);
            if (!LeavesRemains)
                Zero(segment.File, position, tornEnd);
        }
    }

    /// <summary>Looks through the rest of the file: where do remains of the batches from the next one on end?</summary>
    private long EndOfRemains(LogSegment segment, long position, FrameReader reader)
    {
        var end = position;
        var fileBytes = segment.Header.FileBytes;
        for (var chunk = position; chunk < fileBytes; chunk += WindowBytes)
        {
            var chunkBytes = (int)Math.Min(WindowBytes, fileBytes - chunk);
            var lastWritten = reader.Bytes(chunk, chunkBytes).LastIndexOfAnyExcept((byte)0);
            if (lastWritten >= 0 && !segment.Header.Recycled)
                end = Math.Max(end, chunk + lastWritten + 1);

            for (var at = chunk; (at = NextMagic(reader, at, chunk + chunkBytes)) >= 0; at += 8)
            {
                if (!reader.TryRead(at, out var found, out _, out _) || found.Sequence <= Sequence)
                    continue;
                if (found.DurableUpTo > Sequence)
                {
                    throw new LogDamagedException(segment.Name, position,
                        $"batch {Sequence + 1} fails its check; batch {found.Sequence} says that it was durable.");
                }

                if (found.Sequence == Sequence + 1)
                {
                    throw new LogDamagedException(segment.Name, position,
                        $"batch {found.Sequence} is not here but at byte {at}, or the chain is broken.");
                }

                end = Math.Max(end, at + found.FrameBytes);
            }
        }

        return end;
    }

    /// <summary>The next multiple of 8 that a frame may begin at; -1: none before the end.</summary>
    private static long NextMagic(FrameReader reader, long from, long end)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(reader.Bytes(from, (int)Math.Max(0, end - from)));
        var first = words.IndexOfAnyExcept(0UL);
        for (var i = first; i >= 0 && i < words.Length; i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(MemoryMarshal.AsBytes(words[i..])) == FrameHeader.Magic)
                return from + (8L * i);
        }

        return -1;
    }

    private static void Zero(IDiskFile file, long from, long end)
    {
        var zeros = new byte[Math.Min(WindowBytes, end - from)];
        for (var offset = from; offset < end; offset += zeros.Length)
            file.Write(offset, zeros.AsSpan(0, (int)Math.Min(zeros.Length, end - offset)));
    }
}
