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

    /// <exception cref="InvalidProtocolBufferException">The bytes are no TaskDefinition.</exception>
    public static ScheduleTerms Terms(byte[] definition)
    {
        var (type, format, timezone, misfire) = (TaskType.Unspecified, "", "", Misfire.FireOnce);
        var input = new CodedInputStream(definition);
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == TypeTag)
                type = (TaskType)input.ReadEnum();
            else if (tag == FormatTag)
                format = input.ReadString();
            else if (tag == TimezoneTag)
                timezone = input.ReadString();
            else if (tag == MisfireTag)
                misfire = (Misfire)input.ReadEnum();
            else
                input.SkipLastField();
        }

        return new ScheduleTerms(type, format, timezone, misfire);
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
