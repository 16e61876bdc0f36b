using System.Buffers.Binary;
using System.Numerics;

namespace XCron.Daemon.Commands;

/// <summary>
/// Writes protobuf's wire format into an array that was sized before. As the generated code does, it leaves out fields
/// that hold their default, so that there is one encoding of a message.
/// </summary>
internal ref struct WireWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public static int SizeOfVarint(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Of a field with a number below 16: its tag is one byte.</summary>
    public static int SizeOfNumber(ulong value) => value == 0 ? 0 : 1 + SizeOfVarint(value);

    /// <summary>Of a field with any number.</summary>
    public static int SizeOfNumber(int field, ulong value) =>
        value == 0 ? 0 : SizeOfVarint((ulong)field << 3) + SizeOfVarint(value);

    /// <summary>Of a field with a number below 16, written even where it is empty.</summary>
    public static int SizeOfBytes(int length) => 1 + SizeOfVarint((ulong)length) + length;

    public void WriteNumber(int field, ulong value)
    {
        if (value == 0)
            return;

        WriteVarint(((uint)field << 3) | WireTag.Varint);
        WriteVarint(value);
    }

    public void WriteFixed64(int field, ulong value)
    {
        WriteVarint(((uint)field << 3) | WireTag.Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(_destination[Written..], value);
        Written += sizeof(ulong);
    }

    /// <summary>The head of a nested message or of bytes, which follow.</summary>
    public void WriteLength(int field, int length)
    {
        WriteVarint(((uint)field << 3) | WireTag.Bytes);
        WriteVarint((ulong)length);
    }

    public void WriteBytes(int field, ReadOnlySpan<byte> value)
    {
        WriteLength(field, value.Length);
        value.CopyTo(_destination[Written..]);
        Written += value.Length;
    }

    public void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _destination[Written++] = (byte)(value | 0x80);
        _destination[Written++] = (byte)value;
    }
}
