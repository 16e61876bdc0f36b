using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// The head of a frame, 40 bytes, little-endian: magic u32, body length u32, sequence u64, durable-up-to u64, checksum of
/// the frame before u32, kind u32, records u32, checksum of this head u32. Then the body, padded with zeros to a multiple
/// of 8, the end mark u32, and the checksum of it all u32. Both checksums are seeded with the segment's, so that what
/// an older life of the file left behind never passes. Frames start at multiples of 8.
/// </summary>
internal readonly record struct FrameHeader
{
    public const int Bytes = 40;
    public const int TrailerBytes = 8;
    public const uint Magic = 0x4D52_4658; // "XFRM"

    private const uint EndMark = 0x444E_4558; // "XEND"
    private const int CrcOffset = 36;

    public required int BodyBytes { get; init; }

    public required long Sequence { get; init; }

    /// <summary>The newest frame that was known to be durable when this one was written: one that cannot be torn.</summary>
    public required long DurableUpTo { get; init; }

    /// <summary>The checksum of the frame before, or of the segment's header: this is the chain.</summary>
    public required uint Previous { get; init; }

    public required FrameKind Kind { get; init; }

    public required int Records { get; init; }

    /// <summary>Length of the whole frame.</summary>
    public long FrameBytes => FrameBytesFor(BodyBytes);

    public static long FrameBytesFor(long bodyBytes) => Bytes + Padded(bodyBytes) + TrailerBytes;

    public static long Padded(long bytes) => (bytes + 7) & ~7L;

    /// <summary>Completes a frame whose body stands behind the place of its head; the result is its checksum.</summary>
    public uint Seal(Span<byte> frame, uint seed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], DurableUpTo);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[24..], Previous);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[28..], (uint)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(frame[32..], Records);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CrcOffset..], Checksum.Continue(seed, frame[..CrcOffset]));

        var end = Bytes + (int)Padded(BodyBytes);
        frame[(Bytes + BodyBytes)..end].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(frame[end..], EndMark);
        var crc = Checksum.Continue(seed, frame[..(end + 4)]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[(end + 4)..], crc);
        return crc;
    }

    /// <summary>Whether a head stands here that was written for this segment.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> head, uint seed, out FrameHeader header)
    {
        header = default;
        if (head.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(head[CrcOffset..]) != Checksum.Continue(seed, head[..CrcOffset]))
        {
            return false;
        }

        header = new()
        {
            BodyBytes = BinaryPrimitives.ReadInt32LittleEndian(head[4..]),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(head[8..]),
            DurableUpTo = BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
            Previous = BinaryPrimitives.ReadUInt32LittleEndian(head[24..]),
            Kind = (FrameKind)BinaryPrimitives.ReadUInt32LittleEndian(head[28..]),
            Records = BinaryPrimitives.ReadInt32LittleEndian(head[32..]),
        };
        return header.BodyBytes >= 0;
    }

    /// <summary>Whether the whole frame is as it was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> frame, uint seed, out uint crc)
    {
        crc = BinaryPrimitives.ReadUInt32LittleEndian(frame[^4..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(frame[^8..]) == EndMark
            && Checksum.Continue(seed, frame[..^4]) == crc;
    }
}
