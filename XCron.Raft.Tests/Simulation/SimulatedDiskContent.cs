namespace XCron.Raft.Tests.Simulation;

/// <summary>The bytes of a file: as the process sees them, and as they would be found after losing power.</summary>
internal sealed class SimulatedDiskContent
{
    private const int SectorBytes = 512;

    private readonly List<(long Offset, int Count)> _unsynced = [];
    private byte[] _cached = [];
    private byte[] _durable = [];
    private long _durableLength;

    public long Length { get; private set; }

    public int Read(long offset, Span<byte> buffer)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        _cached.AsSpan((int)Math.Min(offset, Length), count).CopyTo(buffer);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;

        Extend(ref _cached, offset + bytes.Length);
        bytes.CopyTo(_cached.AsSpan((int)offset));
        Length = Math.Max(Length, offset + bytes.Length);
        _unsynced.Add((offset, bytes.Length));
    }

    public void SetLength(long length)
    {
        Extend(ref _cached, length);
        if (length < Length)
            _cached.AsSpan((int)length, (int)(Length - length)).Clear();
        Length = length;
    }

    public void Sync()
    {
        foreach (var (offset, count) in _unsynced)
            Persist(offset, Math.Min(count, Length - offset));
        _unsynced.Clear();
        ResizeDurable(Length);
    }

    /// <summary>As after a failed fsync: the cache says it is clean, the disk never got it.</summary>
    public void LoseUnsynced() => _unsynced.Clear();

    /// <summary>Loses what was not synced, but for a random part.</summary>
    public void Crash(Random random, bool tearsAnywhere)
    {
        if (Length < _durableLength && random.Next(2) == 0)
            ResizeDurable(Length);
        foreach (var (offset, count) in _unsynced)
        {
            var kept = Math.Min(count, Length - offset);
            switch (random.Next(3))
            {
                case 0:
                    Persist(offset, kept);
                    break;
                case 1 when tearsAnywhere:
                    Persist(offset, kept <= 0 ? 0 : random.NextInt64(kept));
                    break;
                case 1:
                    PersistSomeSectors(random, offset, offset + kept);
                    break;
                default:
                    break;
            }
        }

        _unsynced.Clear();
        Length = _durableLength;
        _cached = _durable.ToArray();
    }

    public void FlipBit(long offset, int bit) => Overwrite(offset, [(byte)(_cached[offset] ^ (1 << bit))]);

    public void Overwrite(long offset, ReadOnlySpan<byte> bytes)
    {
        Extend(ref _cached, offset + bytes.Length);
        bytes.CopyTo(_cached.AsSpan((int)offset));
        Length = Math.Max(Length, offset + bytes.Length);
        Persist(offset, bytes.Length);
    }

    public byte[] ToArray() => _cached[..(int)Length];

    public SimulatedDiskContent Clone()
    {
        var clone = new SimulatedDiskContent
        {
            Length = Length,
            _cached = _cached.ToArray(),
            _durable = _durable.ToArray(),
            _durableLength = _durableLength,
        };
        clone._unsynced.AddRange(_unsynced);
        return clone;
    }

    private static void Extend(ref byte[] bytes, long length)
    {
        if (bytes.Length < length)
            Array.Resize(ref bytes, (int)Math.Max(length, Math.Min(2L * bytes.Length, bytes.Length + (1 << 20))));
    }

    private void PersistSomeSectors(Random random, long offset, long end)
    {
        while (offset < end)
        {
            var sectorEnd = Math.Min(end, (offset / SectorBytes * SectorBytes) + SectorBytes);
            if (random.Next(2) == 0)
                Persist(offset, sectorEnd - offset);
            offset = sectorEnd;
        }
    }

    private void Persist(long offset, long count)
    {
        if (count <= 0)
            return;

        Extend(ref _durable, offset + count);
        _cached.AsSpan((int)offset, (int)count).CopyTo(_durable.AsSpan((int)offset));
        _durableLength = Math.Max(_durableLength, offset + count);
    }

    private void ResizeDurable(long length)
    {
        Extend(ref _durable, length);
        if (length < _durableLength)
            _durable.AsSpan((int)length, (int)(_durableLength - length)).Clear();
        _durableLength = length;
    }
}
