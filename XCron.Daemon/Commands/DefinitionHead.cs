using System.Text;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>What the state needs to know of an encoded definition, read in place; the rest is opaque to it.</summary>
internal static class DefinitionHead
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>False where the bytes are no definition.</summary>
    /// <param name="definition">The encoded definition.</param>
    /// <param name="type">As it stands there, be it one that this version does not know.</param>
    /// <param name="name">Empty where it has none.</param>
    public static bool TryRead(ReadOnlySpan<byte> definition, out TaskType type, out string name) =>
        TryRead(definition, out type, out name, out _);

    /// <inheritdoc cref="TryRead(ReadOnlySpan{byte}, out TaskType, out string)"/>
    /// <param name="definition">The encoded definition.</param>
    /// <param name="type">As it stands there, be it one that this version does not know.</param>
    /// <param name="name">Empty where it has none.</param>
    /// <param name="isPaused">Whether the task is to be created paused.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> definition, out TaskType type, out string name, out bool isPaused)
    {
        try
        {
            var head = Read(definition);
            (type, isPaused) = (head.Type, head.IsPaused);
            name = StrictUtf8.GetString(head.Name);
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or DecoderFallbackException)
        {
            (type, name, isPaused) = (TaskType.Unspecified, "", false);
            return false;
        }
    }

    /// <summary>Of a definition that <see cref="TryRead(ReadOnlySpan{byte}, out TaskType, out string)"/> has
    /// accepted, as for the following.</summary>
    public static TaskType TypeOf(ReadOnlySpan<byte> definition) => Read(definition).Type;

    /// <summary>Empty where it has no name.</summary>
    public static string NameOf(ReadOnlySpan<byte> definition) => StrictUtf8.GetString(Read(definition).Name);

    public static Overlap OverlapOf(ReadOnlySpan<byte> definition) => Read(definition).Overlap;

    private static Head Read(ReadOnlySpan<byte> definition)
    {
        var head = default(Head);
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case DefinitionTag.Type:
                    head.Type = (TaskType)(int)reader.ReadVarint();
                    break;
                case DefinitionTag.Name:
                    head.Name = reader.ReadBytes();
                    break;
                case DefinitionTag.Overlap:
                    head.Overlap = (Overlap)(int)reader.ReadVarint();
                    break;
                case DefinitionTag.Paused:
                    head.IsPaused = reader.ReadVarint() != 0;
                    break;
                case var tag:
                    reader.Skip(tag);
                    break;
            }
        }

        return head;
    }

    private ref struct Head
    {
        public TaskType Type;
        public ReadOnlySpan<byte> Name;
        public Overlap Overlap;
        public bool IsPaused;
    }
}
