using System.Buffers.Binary;

namespace XCron.Daemon.Api;

/// <summary>
/// Uuids that name requests: laid out as version 7 (RFC 9562 §5.7), so that they sort by time. The random part is
/// drawn once for the process and followed by a counter: unique, not secret. Thread-safe.
/// </summary>
internal sealed class RequestIdSource
{
    private readonly TimeProvider _time;
    private readonly ushort _processHigh;
    private readonly uint _processLow;
    private int _counter;

    /// <param name="random">Seeded differently in each process.</param>
    /// <param name="time">Gives the milliseconds of the uuid.</param>
    public RequestIdSource(Random random, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _processHigh = (ushort)random.Next(0x1000);
        _processLow = (uint)random.Next(0x4000_0000);
    }

    public Guid Next()
    {
        const ushort Version7 = 0x7000;
        const uint VariantRfc = 0x8000_0000;

        // All threads meet here, and nowhere else.
        var count = Interlocked.Increment(ref _counter);
        Span<byte> bytes = stackalloc byte[16];
        var unixMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(bytes, unixMs << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(Version7 | _processHigh));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], VariantRfc | _processLow);
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], count);
        return new Guid(bytes, bigEndian: true);
    }
}
