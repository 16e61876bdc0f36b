using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>The tags of an encoded TaskDefinition's fields that are read in place.</summary>
internal static class DefinitionTag
{
    public const uint Type = (TaskDefinition.TypeFieldNumber << 3) | WireTag.Varint;
    public const uint Format = (TaskDefinition.FormatFieldNumber << 3) | WireTag.Bytes;
    public const uint Timezone = (TaskDefinition.TimezoneFieldNumber << 3) | WireTag.Bytes;
    public const uint Name = (TaskDefinition.NameFieldNumber << 3) | WireTag.Bytes;
    public const uint Url = (TaskDefinition.UrlFieldNumber << 3) | WireTag.Bytes;
    public const uint Misfire = (TaskDefinition.MisfireFieldNumber << 3) | WireTag.Varint;
    public const uint DeadlineMs = (TaskDefinition.DeadlineMsFieldNumber << 3) | WireTag.Varint;
    public const uint Overlap = (TaskDefinition.OverlapFieldNumber << 3) | WireTag.Varint;
    public const uint JitterMs = (TaskDefinition.JitterMsFieldNumber << 3) | WireTag.Varint;
    public const uint StartAtMs = (TaskDefinition.StartAtMsFieldNumber << 3) | WireTag.Varint;
    public const uint EndAtMs = (TaskDefinition.EndAtMsFieldNumber << 3) | WireTag.Varint;
    public const uint MaxRuns = (TaskDefinition.MaxRunsFieldNumber << 3) | WireTag.Varint;
    public const uint Paused = (TaskDefinition.PausedFieldNumber << 3) | WireTag.Varint;
}
