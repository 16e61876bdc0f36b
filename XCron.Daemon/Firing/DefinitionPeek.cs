using System.Text;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>
/// Reads single fields of an encoded TaskDefinition in place and passes over the rest, the body above all. Throws
/// <see cref="InvalidDataException"/> where the bytes are no TaskDefinition.
/// </summary>
internal static class DefinitionPeek
{
    public static ScheduleTerms Terms(ReadOnlySpan<byte> definition)
    {
        var terms = new ScheduleTerms(TaskType.Unspecified, "", "", Misfire.FireOnce);
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case DefinitionTag.Type:
                    terms.Type = (TaskType)(int)reader.ReadVarint();
                    break;
                case DefinitionTag.Format:
                    terms.Format = Encoding.UTF8.GetString(reader.ReadBytes());
                    break;
                case DefinitionTag.Timezone:
                    terms.Timezone = Encoding.UTF8.GetString(reader.ReadBytes());
                    break;
                case DefinitionTag.Misfire:
                    terms.Misfire = (Misfire)(int)reader.ReadVarint();
                    break;
                case DefinitionTag.DeadlineMs:
                    terms.DeadlineMs = (long)reader.ReadVarint();
                    break;
                case DefinitionTag.Overlap:
                    terms.Overlap = (Overlap)(int)reader.ReadVarint();
                    break;
                case DefinitionTag.JitterMs:
                    terms.JitterMs = (long)reader.ReadVarint();
                    break;
                case DefinitionTag.StartAtMs:
                    terms.StartAtMs = (long)reader.ReadVarint();
                    break;
                case DefinitionTag.EndAtMs:
                    terms.EndAtMs = (long)reader.ReadVarint();
                    break;
                case DefinitionTag.MaxRuns:
                    terms.MaxRuns = (long)reader.ReadVarint();
                    break;
                case var tag:
                    reader.Skip(tag);
                    break;
            }
        }

        return terms;
    }

    /// <summary>Empty where there is none.</summary>
    public static string Url(ReadOnlySpan<byte> definition)
    {
        var reader = new WireReader(definition);
        while (!reader.AtEnd)
        {
            var tag = reader.ReadTag();
            if (tag == DefinitionTag.Url)
                return Encoding.UTF8.GetString(reader.ReadBytes());
            reader.Skip(tag);
        }

        return "";
    }
}
