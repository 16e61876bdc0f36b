using System.Text;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>Reads the options of a task that say more about when it runs, each with its own type and range.</summary>
internal static class TaskOptionsReader
{
    private const long MinDeadlineMs = 100;
    private const long MaxDeadlineMs = 365L * 86_400_000;
    private const long MaxJitterMs = 3_600_000;
    private const int MaxMaxRuns = 1_000_000_000;

    public static bool Read(ref StrictJson json, int field, ref TaskFields fields)
    {
        var table = fields.IsUpdate ? CreateFields.Update : CreateFields.Task;
        return field switch
        {
            CreateFields.Deadline =>
                json.Seconds(table, field, MinDeadlineMs, MaxDeadlineMs, out fields.DeadlineMs),
            CreateFields.Overlap => ReadOverlap(ref json, ref fields),
            CreateFields.Jitter => json.Seconds(table, field, 0, MaxJitterMs, out fields.JitterMs),
            CreateFields.StartAt => ReadTime(ref json, table, field, out fields.StartAtMs),
            CreateFields.EndAt => ReadTime(ref json, table, field, out fields.EndAtMs),
            CreateFields.MaxRuns => json.Integer(table, field, 1, MaxMaxRuns, out fields.MaxRuns),
            CreateFields.Paused => json.Boolean(table, field, out fields.IsPaused),
            _ => ReadTaskId(ref json, ref fields),
        };
    }

    private static bool ReadOverlap(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Text(CreateFields.Task, CreateFields.Overlap, out var overlap))
            return false;
        if (overlap.SequenceEqual("queue"u8))
            fields.Overlap = Overlap.Queue;
        else if (overlap.SequenceEqual("skip"u8))
            fields.Overlap = Overlap.Skip;
        else if (overlap.SequenceEqual("allow"u8))
            fields.Overlap = Overlap.Allow;
        else
            return json.Refuse(CreateFields.Task, CreateFields.Overlap);
        return true;
    }

    /// <summary>0 stands for no bound, so the first moment of 1970 is none that can be named.</summary>
    private static bool ReadTime(ref StrictJson json, FieldTable table, int field, out long unixMs)
    {
        unixMs = 0;
        return json.Text(table, field, out var text)
            && ((UnixTime.TryParse(Encoding.UTF8.GetString(text), out unixMs) && unixMs > 0)
                || json.Refuse(table, field));
    }

    private static bool ReadTaskId(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Text(CreateFields.Update, CreateFields.TaskId, out var text))
            return false;
        fields.TaskId = Encoding.UTF8.GetString(text);
        return true;
    }
}
