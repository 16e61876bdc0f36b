using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Knows definitions that mean the same and have other bytes: the names of headers are the same in any case, and
/// former versions stored headers in the order in which they were given.
/// </summary>
internal static class SameDefinition
{
    public static bool Is(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.SequenceEqual(right) || Plain(left).Equals(Plain(right));

    private static TaskDefinition Plain(ReadOnlySpan<byte> encoded)
    {
        var definition = TaskDefinitionCodec.Decode(encoded);
        Header[] headers =
        [
            .. definition.Headers
                .Select(static header => new Header { Name = header.Name.ToLowerInvariant(), Value = header.Value })
                .OrderBy(static header => header.Name, StringComparer.Ordinal),
        ];
        definition.Headers.Clear();
        definition.Headers.AddRange(headers);
        return definition;
    }
}
