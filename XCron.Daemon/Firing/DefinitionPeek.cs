using Google.Protobuf;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>Reads single fields of an encoded TaskDefinition and passes over the rest, the body above all.</summary>
internal static class DefinitionPeek
{
    private static readonly uint TypeTag = Varint(TaskDefinition.TypeFieldNumber);
    private static readonly uint FormatTag = LengthDelimited(TaskDefinition.FormatFieldNumber);
    private static readonly uint TimezoneTag = LengthDelimited(TaskDefinition.TimezoneFieldNumber);
    private static readonly uint UrlTag = LengthDelimited(TaskDefinition.UrlFieldNumber);
    private static readonly uint MisfireTag = Varint(TaskDefinition.MisfireFieldNumber);
    private static readonly uint DeadlineTag = Varint(TaskDefinition.DeadlineMsFieldNumber);
    private static readonly uint OverlapTag = Varint(TaskDefinition.OverlapFieldNumber);
    private static readonly uint JitterTag = Varint(TaskDefinition.JitterMsFieldNumber);
    private static readonly uint StartAtTag = Varint(TaskDefinition.StartAtMsFieldNumber);
    private static readonly uint EndAtTag = Varint(TaskDefinition.EndAtMsFieldNumber);
    private static readonly uint MaxRunsTag = Varint(TaskDefinition.MaxRunsFieldNumber);

    /// <exception cref="InvalidProtocolBufferException">The bytes are no TaskDefinition.</exception>
    public static ScheduleTerms Terms(byte[] definition)
    {
        var terms = new ScheduleTerms(TaskType.Unspecified, "", "", Misfire.FireOnce);
        var input = new CodedInputStream(definition);
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == TypeTag)
                terms = terms with { Type = (TaskType)input.ReadEnum() };
            else if (tag == FormatTag)
                terms = terms with { Format = input.ReadString() };
            else if (tag == TimezoneTag)
                terms = terms with { Timezone = input.ReadString() };
            else if (tag == MisfireTag)
                terms = terms with { Misfire = (Misfire)input.ReadEnum() };
            else if (tag == DeadlineTag)
                terms = terms with { DeadlineMs = input.ReadInt64() };
            else if (tag == OverlapTag)
                terms = terms with { Overlap = (Overlap)input.ReadEnum() };
            else if (tag == JitterTag)
                terms = terms with { JitterMs = input.ReadInt64() };
            else if (tag == StartAtTag)
                terms = terms with { StartAtMs = input.ReadInt64() };
            else if (tag == EndAtTag)
                terms = terms with { EndAtMs = input.ReadInt64() };
            else if (tag == MaxRunsTag)
                terms = terms with { MaxRuns = input.ReadInt64() };
            else
                input.SkipLastField();
        }

        return terms;
    }

    /// <exception cref="InvalidProtocolBufferException">The bytes are no TaskDefinition.</exception>
    public static string Url(byte[] definition)
    {
        var input = new CodedInputStream(definition);
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == UrlTag)
                return input.ReadString();
            input.SkipLastField();
        }

        return "";
    }

    private static uint Varint(int field) => WireFormat.MakeTag(field, WireFormat.WireType.Varint);

    private static uint LengthDelimited(int field) => WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited);
}
