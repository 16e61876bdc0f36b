using System.Text;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>The fields of a task as it is, for an update to be laid over.</summary>
internal static class DefinitionFields
{
    public static TaskFields Of(TaskDefinition definition) => new()
    {
        Type = definition.Type,
        Format = Encoding.UTF8.GetBytes(definition.Format),
        Timezone = Encoding.UTF8.GetBytes(definition.Timezone),
        Name = Encoding.UTF8.GetBytes(definition.Name),
        Url = Encoding.UTF8.GetBytes(definition.Url),
        Method = Encoding.UTF8.GetBytes(definition.Method),
        Body = definition.Body.Span,
        Headers = Pairs(definition.Headers.Select(static header => Pair(header.Name, header.Value))),
        TimeoutMs = definition.TimeoutMs,
        MaxAttempts = definition.MaxAttempts,
        MinBackoffMs = definition.MinBackoffMs,
        MaxBackoffMs = definition.MaxBackoffMs,
        Misfire = definition.Misfire,
        Tags = Pairs(definition.Tags.Select(static tag => Pair(tag.Key, tag.Value))),
        DeadlineMs = definition.DeadlineMs,
        Overlap = definition.Overlap,
        JitterMs = definition.JitterMs,
        StartAtMs = definition.StartAtMs,
        EndAtMs = definition.EndAtMs,
        MaxRuns = (int)definition.MaxRuns,
        IsPaused = definition.Paused,
        IsUpdate = true,
    };

    private static List<TextPair>? Pairs(IEnumerable<TextPair> pairs)
    {
        List<TextPair> list = [.. pairs];
        return list.Count == 0 ? null : list;
    }

    private static TextPair Pair(string name, string value) =>
        new(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
}
