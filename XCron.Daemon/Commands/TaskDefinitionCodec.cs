using Google.Protobuf;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>
/// The canonical bytes of a definition: definitions that mean the same have the same bytes, on every node and in every
/// version, which is how a repeated create under one name is known.
/// </summary>
internal static class TaskDefinitionCodec
{
    private const string DefaultMethod = "POST";

    /// <summary>
    /// Encodes with tags in the ordinal order of their keys and the method left out where it is POST. The rest is as
    /// given; protobuf writes a message without maps in one way only. The argument is not changed.
    /// </summary>
    /// <exception cref="ArgumentException">A tag's key comes twice.</exception>
    public static byte[] Encode(TaskDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (IsCanonical(definition))
            return definition.ToByteArray();

        var canonical = definition.Clone();
        if (canonical.Method == DefaultMethod)
            canonical.Method = "";
        Tag[] tags = [.. canonical.Tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal)];
        for (var i = 1; i < tags.Length; i++)
        {
            if (tags[i].Key == tags[i - 1].Key)
                throw new ArgumentException($"The tag {tags[i].Key} comes twice.", nameof(definition));
        }

        canonical.Tags.Clear();
        canonical.Tags.AddRange(tags);
        return canonical.ToByteArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no definition.</exception>
    public static TaskDefinition Decode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return TaskDefinition.Parser.ParseFrom(encoded);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No TaskDefinition: {exception.Message}", exception);
        }
    }

    private static bool IsCanonical(TaskDefinition definition)
    {
        for (var i = 1; i < definition.Tags.Count; i++)
        {
            if (string.CompareOrdinal(definition.Tags[i - 1].Key, definition.Tags[i].Key) >= 0)
                return false;
        }

        return definition.Method != DefaultMethod;
    }
}
