using System.Buffers.Binary;

namespace XCron.Raft.Tests.Simulation;

/// <summary>What a simulated client asks of the replicated registers: a write, or a write under a condition.</summary>
/// <param name="Id">Unique in a run; never 0.</param>
/// <param name="Key">Which register.</param>
/// <param name="Value">What it is to hold; unique in a run.</param>
/// <param name="Expected">What it must hold for that; null: whatever it holds.</param>
internal readonly record struct KeyValueCommand(long Id, int Key, long Value, long? Expected)
{
    public const int Bytes = 40;

    /// <param name="padding">More bytes, so that entries differ in length.</param>
    public byte[] Encode(int padding)
    {
        var bytes = new byte[Bytes + padding];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Id);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Key);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Expected is null ? 0 : 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Expected ?? 0);
        return bytes;
    }

    public static KeyValueCommand Decode(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) == 0
            ? null
            : BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]));
}
