using System.Text;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>What the state needs to know of an encoded definition, read in place; the rest is opaque to it.</summary>
internal static class DefinitionHead
{
    private const uint TypeTag = (1 << 3) | WireTag.Varint;
    private const uint NameTag = (4 << 3) | WireTag.Bytes;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>False where the bytes are no definition.</summary>
    /// <param name="definition">The encoded definition.</param>
    /// <param name="type">As it stands there, be it one that this version does not know.</param>
    /// <param name="name">Empty where it has none.</param>
    public static bool TryRead(ReadOnlySpan<byte> definition, out TaskType type, out string name)
    {
        try
        {
            type = TypeOf(definition);
            name = NameOf(definition);
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or DecoderFallbackException)
        {
            (type, name) = (TaskType.Unspecified, "");
            return false;
        }
    }

    /// <summary>Of a definition that <see cref="TryRead"/> has accepted.</summary>
    public static TaskType TypeOf(ReadOnlySpan<byte> definition)
    {
        var type = TaskType.Unspecified;
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            var tag = reader.ReadTag();
            if (tag == TypeTag)
                type = (TaskType)(int)reader.ReadVarint();
            else
                reader.Skip(tag);
        }

        return type;
    }

    /// <summary>Of a definition that <see cref="TryRead"/> has accepted; empty where it has no name.</summary>
    public static string NameOf(ReadOnlySpan<byte> definition) => StrictUtf8.GetString(NameBytes(definition));

    private static ReadOnlySpan<byte> NameBytes(ReadOnlySpan<byte> definition)
    {
        ReadOnlySpan<byte> name = default;
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            var tag = reader.ReadTag();
            if (tag == NameTag)
                name = reader.ReadBytes();
            else
                reader.Skip(tag);
        }

        return name;
    }
}
