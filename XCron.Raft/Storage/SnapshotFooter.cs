using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// How a snapshot file ends, 48 bytes: a block length of zero, magic u32, bytes of content i64, blocks i64, index i64,
/// term i64, the last block's checksum, which the whole content's chain leads to, u32, CRC-32C u32.
/// </summary>
internal readonly record struct SnapshotFooter(long ContentBytes, long Blocks, LogIndex Index, Term Term, uint Chain)
{
    public const int Bytes = 48;

    private const uint Magic = 0x444E_4558; // "XEND"
    private const int CrcOffset = 44;

    public void Encode(Span<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Magic);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], ContentBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Blocks);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Term.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[40..], Chain);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], Checksum.Of(target[..CrcOffset]));
    }

    /// <exception cref="LogDamagedException">No footer of this snapshot stands there, or not at the end.</exception>
    public static SnapshotFooter Read(IDiskFile file, string name, long offset, SnapshotMark mark)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (offset < 0 || file.Length - offset != Bytes || file.Read(offset, bytes) < Bytes)
            throw new LogDamagedException(name, Math.Max(0, offset), "the snapshot does not end with a footer.");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes) != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]) != Checksum.Of(bytes[..CrcOffset]))
        {
            throw new LogDamagedException(name, offset, "the snapshot's footer fails its check.");
        }

        var footer = new SnapshotFooter(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            new(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])),
            new(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]));
        if (footer.Index != mark.Index || footer.Term != mark.Term)
            throw new LogDamagedException(name, offset, "the snapshot's footer is of another snapshot than its header.");

        return footer;
    }
}
