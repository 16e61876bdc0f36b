using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>Which tasks a listing shows. Reads definitions in place, since it may pass over many.</summary>
internal sealed class TaskFilter
{
    private const uint TypeTag = (TaskDefinition.TypeFieldNumber << 3) | WireTag.Varint;
    private const uint NameTag = (TaskDefinition.NameFieldNumber << 3) | WireTag.Bytes;
    private const uint UrlTag = (TaskDefinition.UrlFieldNumber << 3) | WireTag.Bytes;
    private const uint TagsTag = (TaskDefinition.TagsFieldNumber << 3) | WireTag.Bytes;
    private const uint TagKeyTag = (Tag.KeyFieldNumber << 3) | WireTag.Bytes;
    private const uint TagValueTag = (Tag.ValueFieldNumber << 3) | WireTag.Bytes;

    /// <summary>Null for any, as are the others.</summary>
    public string? State { get; init; }

    public TaskType? Type { get; init; }

    public byte[]? NamePrefix { get; init; }

    public byte[]? UrlPrefix { get; init; }

    /// <summary>All of them must be there.</summary>
    public IReadOnlyList<TextPair> Tags { get; init; } = [];

    public bool Matches(TaskRecord record) =>
        (State is null || TaskAnswer.StateOf(record) == State) &&
        ((Type is null && NamePrefix is null && UrlPrefix is null && Tags.Count == 0) || Matches(record.Definition));

    private bool Matches(ReadOnlySpan<byte> definition)
    {
        var type = TaskType.Unspecified;
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> url = default;
        var tagsFound = 0;
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case TypeTag:
                    type = (TaskType)reader.ReadVarint();
                    break;
                case NameTag:
                    name = reader.ReadBytes();
                    break;
                case UrlTag:
                    url = reader.ReadBytes();
                    break;
                case TagsTag:
                    tagsFound += IsAsked(reader.ReadBytes()) ? 1 : 0;
                    break;
                case var other:
                    reader.Skip(other);
                    break;
            }
        }

        return (Type is null || Type == type) && (NamePrefix is null || name.StartsWith(NamePrefix)) &&
            (UrlPrefix is null || url.StartsWith(UrlPrefix)) && tagsFound == Tags.Count;
    }

    private bool IsAsked(ReadOnlySpan<byte> tag)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        var reader = new WireReader(tag);
        while (!reader.AtEnd)
        {
            var field = reader.ReadTag();
            if (field == TagKeyTag)
                key = reader.ReadBytes();
            else if (field == TagValueTag)
                value = reader.ReadBytes();
            else
                reader.Skip(field);
        }

        foreach (var asked in Tags)
        {
            if (key.SequenceEqual(asked.Name) && value.SequenceEqual(asked.Value))
                return true;
        }

        return false;
    }
}
