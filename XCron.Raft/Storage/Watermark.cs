using System.Buffers.Binary;

namespace XCron.Raft.Storage;

/// <summary>
/// How far the log was durable, in a file of its own: what ends before that has lost something, and was not torn while
/// it was being written. Written after each sync of the log and synced itself only now and then, so that it may lag but
/// never runs ahead. Writer's thread.
/// </summary>
/// <remarks>
/// Two slots, written in turn and each in a sector of its own, so that a slot torn by a loss of power leaves the other.
/// A slot: magic u32, format u32, sequence i64, last index i64, last term i64, CRC-32C u32, which is seeded with whose
/// log it is. A missing or unreadable file takes nothing from the log but this check.
/// </remarks>
internal sealed class Watermark : IDisposable
{
    public const string Name = "watermark";
    public const int SlotBytes = 36;
    public const int SlotSpacing = 512;

    private const uint Magic = 0x4B52_4D58; // "XMRK"
    private const uint Format = 1;
    private const int CrcOffset = 32;
    private const int Slots = 2;

    private readonly IDiskFile _file;
    private readonly uint _seed;
    private int _next;
    private bool _isSynced;

    private Watermark(IDiskFile file, uint seed, int next)
    {
        _file = file;
        _seed = seed;
        _next = next;
    }

    /// <summary>Reads what the last process left, and changes nothing.</summary>
    public static WatermarkReading Read(IDisk disk, LogIdentity owner)
    {
        if (!disk.Exists(Name))
            return default;

        using var file = disk.Open(Name);
        var reading = default(WatermarkReading);
        var seed = SeedOf(owner);
        var bytes = new byte[SlotBytes];
        for (var slot = 0; slot < Slots; slot++)
        {
            var filled = file.Read(slot * SlotSpacing, bytes);
            if (!bytes.AsSpan(0, filled).ContainsAnyExcept((byte)0))
                continue;

            var isWhole = filled == SlotBytes && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(CrcOffset))
                    == Checksum.Continue(seed, bytes.AsSpan(0, CrcOffset));
            var sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
            if (!isWhole)
                reading = reading with { UnreadableAt = slot * SlotSpacing };
            else if (sequence >= reading.Sequence)
                reading = new()
                {
                    Sequence = sequence,
                    Last = new(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16))),
                    LastTerm = new(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(24))),
                    Slot = slot,
                    UnreadableAt = reading.UnreadableAt,
                };
        }

        return reading;
    }

    /// <summary>
    /// Opens the file for writing, making it where there is none; null: there is no space for it, and the log goes
    /// without until the next start.
    /// </summary>
    public static Watermark? Open(IDisk disk, LogIdentity owner, in WatermarkReading reading)
    {
        if (disk.Exists(Name))
            return new(disk.Open(Name), SeedOf(owner), (reading.Slot + 1) % Slots);

        var file = disk.Create(Name);
        try
        {
            // At its full length at once: an overwritten slot needs no space and touches no metadata.
            file.Write(0, new byte[Slots * SlotSpacing]);
            file.Sync();
            disk.SyncDirectory();
        }
        catch (DiskFullException)
        {
            file.Dispose();
            disk.Delete(Name);
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new(file, SeedOf(owner), next: 0);
    }

    /// <summary>Everything up to this frame is durable.</summary>
    public void Put(long sequence, in LogStand stand)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Format);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], stand.Last.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], stand.Terms.LastTerm.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[CrcOffset..], Checksum.Continue(_seed, slot[..CrcOffset]));
        try
        {
            _file.Write(_next * SlotSpacing, slot);
            _next = (_next + 1) % Slots;
            _isSynced = false;
        }
        catch (DiskFullException)
        {
            // Possible where overwriting takes new space; the older mark is as true as before.
        }
    }

    /// <summary>Makes it survive a loss of power; does nothing where it does.</summary>
    public void Sync()
    {
        if (_isSynced)
            return;

        _file.Sync();
        _isSynced = true;
    }

    public void Dispose() => _file.Dispose();

    private static uint SeedOf(LogIdentity owner)
    {
        Span<byte> whose = stackalloc byte[24];
        owner.ClusterId.TryWriteBytes(whose);
        BinaryPrimitives.WriteUInt64LittleEndian(whose[16..], owner.Node.Value);
        return Checksum.Of(whose);
    }
}

/// <summary>What the file says; all zero where it says nothing.</summary>
internal readonly record struct WatermarkReading
{
    /// <summary>The newest frame known to be durable.</summary>
    public long Sequence { get; init; }

    /// <summary>The last entry after that frame.</summary>
    public LogIndex Last { get; init; }

    public Term LastTerm { get; init; }

    public int Slot { get; init; }

    /// <summary>
    /// Where a slot stands that fails its check: damaged, or torn by a loss of power. Null: none.
    /// </summary>
    public int? UnreadableAt { get; init; }
}
