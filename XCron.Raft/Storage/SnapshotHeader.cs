using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// How a snapshot file begins: magic, format u32, block bytes u32, cluster id, index i64, term i64, membership index
/// i64, membership length i32, CRC-32C u32, the membership's bytes, CRC-32C u32. Nothing in the file depends on the
/// node that wrote it: equal states at one index are equal files, so a transfer may go on from another node.
/// </summary>
internal sealed record SnapshotHeader
{
    public const uint NewestFormat = 1;
    public const int BlockBytes = 64 * 1024;

    private const ulong Magic = 0x504E_534E_4F52_4358; // "XCRONSNP"
    private const int FixedBytes = 64;
    private const int CrcOffset = 60;
    private const int MaxMembershipBytes = 1 << 20;

    public required SnapshotMark Mark { get; init; }

    /// <summary>Where the blocks begin.</summary>
    public required int Bytes { get; init; }

    /// <summary>What the blocks' chain of checksums begins with.</summary>
    public required uint Seed { get; init; }

    public static byte[] Encode(Guid clusterId, SnapshotMark mark, out uint seed)
    {
        var membership = mark.Membership.Encode();
        var bytes = new byte[FixedBytes + membership.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), NewestFormat);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), BlockBytes);
        clusterId.TryWriteBytes(bytes.AsSpan(16));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), mark.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), mark.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), mark.MembershipIndex.Value);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(56), membership.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(CrcOffset), Checksum.Of(bytes.AsSpan(0, CrcOffset)));
        membership.CopyTo(bytes, FixedBytes);
        seed = Checksum.Of(bytes.AsSpan(0, bytes.Length - 4));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), seed);
        return bytes;
    }

    /// <exception cref="LogDamagedException">It is no header, or another cluster's.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    public static SnapshotHeader Read(IDiskFile file, string name, Guid clusterId)
    {
        var head = new byte[FixedBytes];
        if (file.Read(0, head) < FixedBytes)
            throw new LogDamagedException(name, 0, "the file is shorter than a snapshot's header.");

        if (!IsWhole(head))
            throw new LogDamagedException(name, 0, "the snapshot's header fails its check.");

        var format = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8));
        if (format > NewestFormat)
            throw new UnsupportedFormatException(name, format, NewestFormat);

        var owner = new Guid(head.AsSpan(16, 16));
        if (owner != clusterId)
        {
            throw new LogDamagedException(
                name, 16, $"the snapshot is of cluster {owner}; this node belongs to cluster {clusterId}.");
        }

        var membershipBytes = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(56));
        if (membershipBytes is < 0 or > MaxMembershipBytes)
            throw new LogDamagedException(name, 56, $"a membership of {membershipBytes} bytes.");

        var whole = new byte[FixedBytes + membershipBytes + 4];
        var seed = file.Read(0, whole) < whole.Length ? 0 : Checksum.Of(whole.AsSpan(0, whole.Length - 4));
        if (BinaryPrimitives.ReadUInt32LittleEndian(whole.AsSpan(whole.Length - 4)) != seed)
            throw new LogDamagedException(name, FixedBytes, "the snapshot's membership fails its check.");

        return new() { Mark = Decode(name, whole), Bytes = whole.Length, Seed = seed };
    }

    /// <summary>Which cluster's snapshot it is; null where the header fails its check.</summary>
    public static Guid? TryReadCluster(IDiskFile file)
    {
        Span<byte> head = stackalloc byte[FixedBytes];
        return file.Read(0, head) == FixedBytes && IsWhole(head) ? new Guid(head[16..32]) : null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> head) =>
        BinaryPrimitives.ReadUInt64LittleEndian(head) == Magic
        && Checksum.Of(head[..CrcOffset]) == BinaryPrimitives.ReadUInt32LittleEndian(head[CrcOffset..]);

    private static SnapshotMark Decode(string name, ReadOnlySpan<byte> whole)
    {
        try
        {
            return new(
                new(BinaryPrimitives.ReadInt64LittleEndian(whole[32..])),
                new(BinaryPrimitives.ReadInt64LittleEndian(whole[40..])),
                Membership.Decode(whole[FixedBytes..^4]),
                new(BinaryPrimitives.ReadInt64LittleEndian(whole[48..])));
        }
        catch (Exception malformed) when (malformed is FormatException or ArgumentException)
        {
            throw new LogDamagedException(name, FixedBytes, malformed.Message);
        }
    }
}
