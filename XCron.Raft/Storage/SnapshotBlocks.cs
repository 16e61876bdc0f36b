using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>Reads the blocks of a snapshot file in order and checks each; at the end it checks the footer.</summary>
/// <remarks>
/// A block: length i32 (1 to 65536), checksum u32, content. The checksum covers length and content and is seeded
/// with the one before it, so that a block out of place is noticed too.
/// </remarks>
internal sealed class SnapshotBlocks(IDiskFile file, string name, SnapshotHeader header)
{
    public const int HeadBytes = 8;

    private readonly byte[] _block = new byte[HeadBytes + SnapshotHeader.BlockBytes];
    private uint _chain = header.Seed;
    private long _blocks;
    private long _contentBytes;

    /// <summary>The end of the last block that was read, or of the footer.</summary>
    public long Position { get; private set; } = header.Bytes;

    /// <summary>The next block's content, valid until the next call; empty at the end.</summary>
    /// <exception cref="LogDamagedException">The block, or the footer, is not what was written.</exception>
    public ReadOnlyMemory<byte> Next()
    {
        var filled = file.Read(Position, _block);
        var length = filled < HeadBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(_block);
        if (length == 0)
        {
            CheckFooter();
            return default;
        }

        if (length is < 0 or > SnapshotHeader.BlockBytes || HeadBytes + length > filled)
            throw new LogDamagedException(name, Position, "the snapshot ends within a block.");

        var crc = Seal(_block.AsSpan(0, HeadBytes + length), _chain);
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(4)))
            throw new LogDamagedException(name, Position, "a block of the snapshot fails its check.");

        _chain = crc;
        _blocks++;
        _contentBytes += length;
        Position += HeadBytes + length;
        return _block.AsMemory(HeadBytes, length);
    }

    /// <summary>The checksum of a block; its place in the head is left out.</summary>
    public static uint Seal(ReadOnlySpan<byte> block, uint chain) =>
        Checksum.Continue(Checksum.Continue(chain, block[..4]), block[HeadBytes..]);

    private void CheckFooter()
    {
        var footer = SnapshotFooter.Read(file, name, Position, header.Mark);
        if (footer.Blocks != _blocks || footer.ContentBytes != _contentBytes || footer.Chain != _chain)
            throw new LogDamagedException(name, Position, "the snapshot has other content than its footer says.");

        Position += SnapshotFooter.Bytes;
    }
}
