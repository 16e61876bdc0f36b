using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// The first 64 bytes of a segment, little-endian: magic, format u32, flags u32, cluster id, node id u64, first
/// sequence u64, file length u64, sealed bytes u32, CRC-32C u32. Every format keeps the magic, the format and the CRC
/// in place.
/// </summary>
internal readonly record struct SegmentHeader
{
    public const int Bytes = 64;
    public const uint NewestFormat = 1;

    private const ulong Magic = 0x474F_4C4E_4F52_4358; // "XCRONLOG"
    private const uint RecycledFlag = 1;
    private const int CrcOffset = 60;

    public required LogIdentity Identity { get; init; }

    public required long FirstSequence { get; init; }

    /// <summary>Length of the file; a shorter one was cut by somebody.</summary>
    public required long FileBytes { get; init; }

    /// <summary>
    /// How much of the file, from its start, was durable before it got its name: this cannot be torn.
    /// </summary>
    public required int SealedBytes { get; init; }

    /// <summary>The unused rest holds what an older segment left there, not zeros.</summary>
    public required bool Recycled { get; init; }

    /// <summary>Writes the header; the result is its CRC, the seed of every checksum in the segment.</summary>
    public uint Encode(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], NewestFormat);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Recycled ? RecycledFlag : 0);
        Identity.ClusterId.TryWriteBytes(target[16..32]);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Identity.Node.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], FileBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[56..], SealedBytes);
        var crc = Checksum.Of(target[..CrcOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], crc);
        return crc;
    }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <exception cref="LogDamagedException">It is no header, or another's.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    public static SegmentHeader Read(IDiskFile file, string name, LogIdentity owner, out uint seed)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (file.Read(0, bytes) < Bytes)
            throw new LogDamagedException(name, 0, "the file is shorter than a segment's header.");

        seed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]);
        if (!IsWhole(bytes))
            throw new LogDamagedException(name, 0, "the segment's header fails its check.");

        var format = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (format > NewestFormat)
            throw new UnsupportedFormatException(name, format, NewestFormat);

        var header = new SegmentHeader
        {
            Recycled = (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) & RecycledFlag) != 0,
            Identity = OwnerIn(bytes),
            FirstSequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            FileBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            SealedBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[56..]),
        };
        if (header.Identity != owner)
        {
            throw new LogDamagedException(name, 16, $"the segment is of node {header.Identity.Node} of cluster "
                + $"{header.Identity.ClusterId}; this is node {owner.Node} of cluster {owner.ClusterId}.");
        }

        return header;
    }

    /// <summary>Whose segment it is; null where the header fails its check.</summary>
    public static LogIdentity? TryReadOwner(IDiskFile file)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        return file.Read(0, bytes) == Bytes && IsWhole(bytes) ? OwnerIn(bytes) : null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes) == Magic
        && Checksum.Of(bytes[..CrcOffset]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]);

    private static LogIdentity OwnerIn(ReadOnlySpan<byte> bytes) =>
        new(new Guid(bytes[16..32]), new(BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])));
}
