using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// The file of a node's identity: magic, format u32, membership length i32, node id u64, cluster id, flags u32 and 4
/// bytes that are zero (both since format 2), the membership's bytes, and last the CRC-32C of all of it.
/// </summary>
internal static class IdentityFile
{
    public const string Name = "identity";
    public const uint NewestFormat = 2;

    private const string AsideName = "identity.tmp";
    private const ulong Magic = 0x4449_434E_4F52_4358; // "XCRONCID"
    private const uint HasLogFlag = 1;
    private const int FirstHeadBytes = 40;
    private const int HeadBytes = 48;
    private const int CrcBytes = 4;
    private const int MaxBytes = 1 << 20;
    private const int MaxDraws = 100;

    /// <summary>Reads the identity of a data directory; an empty directory gets one.</summary>
    /// <exception cref="LogDamagedException">
    /// The file is damaged, or missing where there is a log: a node must not go on under another name.
    /// </exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    public static NodeIdentity LoadOrCreate(IDisk disk, Func<ulong> random)
    {
        var isExpected = disk.List().Any(
            static name => LogSegment.IsName(name, out _) || SnapshotName.TryParse(name, "", out _, out _));
        if (TryLoad(disk, isExpected) is { } known)
        {
            // The last process may have died between the rename and its sync.
            disk.SyncDirectory();
            return known;
        }

        var draws = 0;
        ulong id;
        do
        {
            Invariant.Require(draws++ < MaxDraws, "a random number is not always zero");
            id = random();
        }
        while (id == 0);

        var identity = new NodeIdentity { Node = new(id) };
        Save(disk, identity);
        return identity;
    }

    /// <summary>Reads the identity and changes nothing; null where there is none.</summary>
    /// <exception cref="LogDamagedException">It is damaged, or missing though it is expected.</exception>
    public static NodeIdentity? TryLoad(IDisk disk, bool isExpected)
    {
        if (disk.Exists(Name))
            return Load(disk);

        return isExpected
            ? throw new LogDamagedException(Name, 0, "the file is missing, though the directory holds a log.")
            : null;
    }

    /// <summary>Replaces the file; after a crash it is the old or the new one.</summary>
    public static void Save(IDisk disk, NodeIdentity identity)
    {
        if (disk.Exists(AsideName))
            disk.Delete(AsideName);
        using (var file = disk.Create(AsideName))
        {
            file.Write(0, Encode(identity));
            file.Sync();
        }

        disk.Rename(AsideName, Name);
        disk.SyncDirectory();
    }

    private static NodeIdentity Load(IDisk disk)
    {
        using var file = disk.Open(Name);
        if (file.Length is < FirstHeadBytes + CrcBytes or > MaxBytes)
            throw new LogDamagedException(Name, 0, $"an identity of {file.Length} bytes.");

        var bytes = new byte[file.Length];
        var filled = file.Read(0, bytes);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - CrcBytes));
        if (filled < bytes.Length || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || Checksum.Of(bytes.AsSpan(0, bytes.Length - CrcBytes)) != crc)
        {
            throw new LogDamagedException(Name, 0, "the node's identity fails its check.");
        }

        var format = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (format > NewestFormat)
            throw new UnsupportedFormatException(Name, format, NewestFormat);

        var headBytes = format < 2 ? FirstHeadBytes : HeadBytes;
        var membershipBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        if (membershipBytes < 0 || membershipBytes != bytes.Length - headBytes - CrcBytes)
            throw new LogDamagedException(Name, 12, $"a membership of {membershipBytes} bytes.");

        return new()
        {
            Node = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16))),
            ClusterId = new(bytes.AsSpan(24, 16)),
            HasLog = format >= 2
                && (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(FirstHeadBytes)) & HasLogFlag) != 0,
            InitialMembership = bytes.AsMemory(headBytes, membershipBytes),
        };
    }

    private static byte[] Encode(NodeIdentity identity)
    {
        var membership = identity.InitialMembership.Span;
        var bytes = new byte[HeadBytes + membership.Length + CrcBytes];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxBytes, nameof(identity));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), NewestFormat);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), membership.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), identity.Node.Value);
        identity.ClusterId.TryWriteBytes(bytes.AsSpan(24));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FirstHeadBytes), identity.HasLog ? HasLogFlag : 0);
        membership.CopyTo(bytes.AsSpan(HeadBytes));
        var crc = Checksum.Of(bytes.AsSpan(0, bytes.Length - CrcBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - CrcBytes), crc);
        return bytes;
    }
}
