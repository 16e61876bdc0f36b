using System.Numerics;
using System.Runtime.InteropServices;

namespace XCron.Raft.Storage;

/// <summary>CRC-32C (Castagnoli), by the processor's instruction where it has one.</summary>
internal static class Checksum
{
    /// <summary>The usual checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> content) => Continue(0, content);

    /// <summary>
    /// The checksum of what came before and these bytes: Continue(Of(a), b) is Of(a followed by b). With another seed,
    /// equal contents have different sums, which is what ties a batch to its segment.
    /// </summary>
    public static uint Continue(uint before, ReadOnlySpan<byte> content)
    {
        var crc = ~before;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(content))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : ReverseBytes(word));
        foreach (var octet in content[(content.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, octet);
        return ~crc;
    }

    private static ulong ReverseBytes(ulong word) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
}
