using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// The bytes of the next write, built where they will be written from: the only copy of a payload. In front of the batch
/// there is room for a segment's header and its opening frame, for the case that the batch begins a segment.
/// </summary>
internal sealed class BatchBuffer
{
    /// <summary>Length of the opening frame: a stand, a hard state and a commit record.</summary>
    public const int OpeningBytes = FrameHeader.Bytes + OpeningPaddedBody + FrameHeader.TrailerBytes;

    /// <summary>Where the batch begins in a fresh segment.</summary>
    public const int PrefixBytes = SegmentHeader.Bytes + OpeningBytes;

    private const int PairBytes = 1 + 8 + 8;
    private const int CommitBytes = 1 + 8;
    private const int EntryHeadBytes = 1 + 1 + 4 + 8 + 8;
    private const int OpeningBody = PairBytes + PairBytes + CommitBytes;
    private const int OpeningPaddedBody = (OpeningBody + 7) & ~7;
    private const int BodyStart = PrefixBytes + FrameHeader.Bytes;
    private const int FirstCapacity = 64 * 1024;
    private const int KeptCapacity = 4 * 1024 * 1024;
    private const int MaxBodyBytes = 1 << 30;

    private byte[] _bytes = new byte[FirstCapacity];
    private int _end = BodyStart;

    public int Records { get; private set; }

    public int BodyBytes => _end - BodyStart;

    public long FrameBytes => FrameHeader.FrameBytesFor(BodyBytes);

    /// <summary>The batch's frame.</summary>
    public Span<byte> Frame => _bytes.AsSpan(PrefixBytes, (int)FrameBytes);

    /// <summary>A segment's header, its opening frame, and the batch's frame unless it is empty.</summary>
    public Span<byte> FreshSegment => _bytes.AsSpan(0, PrefixBytes + (Records == 0 ? 0 : (int)FrameBytes));

    public void PutEntry(LogEntry entry)
    {
        var payload = entry.Payload.Span;
        var target = Grow(EntryHeadBytes + payload.Length);
        target[0] = (byte)RecordKind.Entry;
        target[1] = (byte)entry.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(target[2..], payload.Length);
        BinaryPrimitives.WriteInt64LittleEndian(target[6..], entry.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[14..], entry.Term.Value);
        payload.CopyTo(target[EntryHeadBytes..]);
    }

    public void PutHardState(HardState state) =>
        PutPair(Grow(PairBytes), RecordKind.HardState, state.Term.Value, (long)state.Vote.Value);

    public void PutTruncate(LogIndex from, Term previousTerm) =>
        PutPair(Grow(PairBytes), RecordKind.Truncate, from.Value, previousTerm.Value);

    public void PutReset(LogIndex index, Term term) => PutPair(Grow(PairBytes), RecordKind.Reset, index.Value, term.Value);

    public void PutCommit(LogIndex index) => PutOne(Grow(CommitBytes), RecordKind.Commit, index.Value);

    /// <summary>Completes the batch's frame; the result is its checksum.</summary>
    public uint SealFrame(long sequence, long durableUpTo, uint previous, uint seed)
    {
        var header = new FrameHeader
        {
            BodyBytes = BodyBytes,
            Sequence = sequence,
            DurableUpTo = durableUpTo,
            Previous = previous,
            Kind = FrameKind.Batch,
            Records = Records,
        };
        return header.Seal(Frame, seed);
    }

    /// <summary>Puts a segment's header and opening frame in front; the result is the opening's checksum.</summary>
    public uint SealOpening(in SegmentHeader segment, in LogStand stand, long durableUpTo, out uint seed)
    {
        seed = segment.Encode(_bytes.AsSpan(0, SegmentHeader.Bytes));
        var frame = _bytes.AsSpan(SegmentHeader.Bytes, OpeningBytes);
        var body = frame[FrameHeader.Bytes..];
        PutPair(body, RecordKind.Stand, stand.Last.Value, stand.Terms.LastTerm.Value);
        PutPair(body[PairBytes..], RecordKind.HardState, stand.HardState.Term.Value, (long)stand.HardState.Vote.Value);
        PutOne(body[(2 * PairBytes)..], RecordKind.Commit, stand.Commit.Value);
        var header = new FrameHeader
        {
            BodyBytes = OpeningBody,
            Sequence = segment.FirstSequence,
            DurableUpTo = durableUpTo,
            Previous = seed,
            Kind = FrameKind.Opening,
            Records = 3,
        };
        return header.Seal(frame, seed);
    }

    public void Clear()
    {
        _end = BodyStart;
        Records = 0;
        if (_bytes.Length > KeptCapacity)
            _bytes = new byte[FirstCapacity];
    }

    private static void PutPair(Span<byte> target, RecordKind kind, long first, long second)
    {
        PutOne(target, kind, first);
        BinaryPrimitives.WriteInt64LittleEndian(target[9..], second);
    }

    private static void PutOne(Span<byte> target, RecordKind kind, long value)
    {
        target[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(target[1..], value);
    }

    private Span<byte> Grow(int bytes)
    {
        Invariant.Require(BodyBytes + (long)bytes <= MaxBodyBytes, "one batch holds at most 1 GiB");
        var needed = _end + bytes + 8 + FrameHeader.TrailerBytes;
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _bytes.Length)));
        var target = _bytes.AsSpan(_end, bytes);
        _end += bytes;
        Records++;
        return target;
    }
}
