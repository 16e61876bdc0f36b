using System.Numerics;

namespace XCron.Daemon.Api;

/// <summary>
/// Writes protobuf's wire format into a span that was measured before. Like the generated code it leaves out what has
/// its default, so that equal messages have equal bytes. Field numbers up to 15 only: their tags take one byte.
/// </summary>
internal ref struct WireWriter(Span<byte> destination)
{
    private const int VarintType = 0;
    private const int LengthType = 2;
    private const int TypeBits = 3;

    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public static int VarintBytes(long value) => ((BitOperations.Log2((ulong)value | 1) * 9) + 73) >> 6;

    /// <summary>The size of a number's field: 0 for 0.</summary>
    public static int NumberBytes(long value) => value == 0 ? 0 : 1 + VarintBytes(value);

    /// <summary>The size of a text's or bytes' field: 0 where it is empty.</summary>
    public static int TextBytes(int length) => length == 0 ? 0 : MessageBytes(length);

    /// <summary>The size of a message's field, which is written even where the message is empty.</summary>
    public static int MessageBytes(int length) => 1 + VarintBytes(length) + length;

    public void Number(int field, long value)
    {
        if (value == 0)
            return;
        _destination[Written++] = (byte)((field << TypeBits) | VarintType);
        Varint((ulong)value);
    }

    public void Text(int field, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        OpenMessage(field, text.Length);
        Raw(text);
    }

    /// <summary>Begins a message of this many bytes; its fields follow.</summary>
    public void OpenMessage(int field, int length)
    {
        _destination[Written++] = (byte)((field << TypeBits) | LengthType);
        Varint((ulong)length);
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Written..]);
        Written += bytes.Length;
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _destination[Written++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _destination[Written++] = (byte)value;
    }
}
