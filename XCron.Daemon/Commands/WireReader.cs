using System.Buffers.Binary;

namespace XCron.Daemon.Commands;

/// <summary>
/// Reads protobuf's wire format in place, without making objects; for the create path, where the generated classes
/// would copy the definition twice. Every method throws <see cref="InvalidDataException"/> where the bytes end too
/// early.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxVarintBytes = 10;

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public uint ReadTag()
    {
        var tag = ReadVarint();
        if (tag is 0 or > uint.MaxValue)
            throw new InvalidDataException($"{tag} is no tag of a field.");
        return (uint)tag;
    }

    public ulong ReadVarint()
    {
        var value = 0UL;
        for (var i = 0; i < _rest.Length && i < MaxVarintBytes; i++)
        {
            var next = _rest[i];
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("A number has no end.");
    }

    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadVarint());

    /// <summary>Passes over the value of a field.</summary>
    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case WireTag.Varint:
                ReadVarint();
                break;
            case WireTag.Fixed64:
                Take(sizeof(ulong));
                break;
            case WireTag.Bytes:
                ReadBytes();
                break;
            case WireTag.Fixed32:
                Take(sizeof(uint));
                break;
            default:
                throw new InvalidDataException($"Field {tag >> 3} has the unknown wire type {tag & 7}.");
        }
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
            throw new InvalidDataException($"A field of {count} bytes begins {_rest.Length} bytes before the end.");

        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
