using System.Text.Json;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// The open runs in the line of a task, each with its number: a receiver knows a run by its id, so a number must stand
/// for the same due time wherever the task goes on.
/// </summary>
internal static class TaskLineRuns
{
    private const int Sequence = 0;
    private const int ScheduledTime = 1;
    private const int Delay = 2;
    private const int Attempt = 3;
    private const int Failures = 4;
    private const int RetryTime = 5;
    private const int ByHand = 6;

    /// <summary>Far more than a run can have, and far from where a number of attempts would overflow.</summary>
    private const int MostAttempts = 1_000_000_000;

    private static readonly int[] Needed = [Sequence, ScheduledTime, Attempt];

    public static readonly FieldTable Fields = new(
        "open_runs.",
        [
            new("run_sequence", FieldType.Integer, "an integer, from 1 to the task's run_sequence")
            {
                Doc = "The number in the run's id.",
                IsRequired = true,
            },
            new("scheduled_time", FieldType.Text, "unix seconds such as 1581823751.042") { IsRequired = true },
            new("delay", FieldType.Number, "a number of seconds, not negative")
            {
                Doc = "How long after its scheduled time the run was to start.",
            },
            new("attempt", FieldType.Integer, "an integer of at least 1")
            {
                Doc = "The number of its last attempt.",
                IsRequired = true,
            },
            new("failures", FieldType.Integer, "an integer, not negative and at most attempt")
            {
                Doc = "How many of its attempts are known to have failed.",
            },
            new("retry_time", FieldType.Text, "unix seconds such as 1581823751.042")
            {
                Doc = "When its next attempt is to be made; left out where one was on its way, which is then made " +
                    "again at once.",
            },
            new("by_hand", FieldType.Boolean, "true or false") { Doc = "Whether runTask asked for it." },
        ]);

    public static void Write(Utf8JsonWriter json, OpenRuns runs)
    {
        json.WriteStartArray(TaskLine.Name(TaskLine.OpenRuns));
        foreach (var run in runs.AsSpan())
        {
            json.WriteStartObject();
            json.WriteNumber(Fields.Names[Sequence], run.Sequence);
            json.WriteString(Fields.Names[ScheduledTime], UnixTime.Format(run.ScheduledMs));
            if (run.DelayMs != 0)
                json.WriteSeconds(Fields.Names[Delay], run.DelayMs);
            json.WriteNumber(Fields.Names[Attempt], run.Attempt);
            if (run.Failures != 0)
                json.WriteNumber(Fields.Names[Failures], run.Failures);
            if (run.ClaimedBy.IsNone)
                json.WriteString(Fields.Names[RetryTime], UnixTime.Format(run.RetryAtMs));
            if (run.IsByHand)
                json.WriteBoolean(Fields.Names[ByHand], true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Reads the array the reader stands on; false where its <c>Error</c> says why not.</summary>
    public static bool Read(ref StrictJson json, out List<ImportRun> runs)
    {
        runs = [];
        if (!json.Array(TaskLine.Fields, TaskLine.OpenRuns))
            return false;
        while (json.NextElement())
        {
            if (runs.Count == OpenRuns.Most || !json.Object(TaskLine.Fields, TaskLine.OpenRuns))
                return json.Refuse(TaskLine.Fields, TaskLine.OpenRuns);
            var run = new ImportRun();
            if (!ReadOne(ref json, run))
                return false;
            runs.Add(run);
        }

        return json.Error is null;
    }

    private static bool ReadOne(ref StrictJson json, ImportRun run)
    {
        var seen = 0u;
        int field;
        while ((field = json.NextField(Fields, ref seen)) != StrictJson.End)
        {
            if (!ReadField(ref json, field, run))
                return false;
        }

        foreach (var needed in Needed)
        {
            if (json.Error is null && (seen & (1u << needed)) == 0)
                return json.Fail(Fields.Missing(needed));
        }

        return json.Error is null;
    }

    private static bool ReadField(ref StrictJson json, int field, ImportRun run)
    {
        var (isRead, count, time) = (false, 0, 0L);
        switch (field)
        {
            case Sequence:
                isRead = json.Count(Fields, field, out var sequence);
                run.Sequence = sequence;
                break;
            case ScheduledTime:
                isRead = json.Time(Fields, field, out time);
                run.ScheduledMs = time;
                break;
            case Delay:
                isRead = json.Seconds(Fields, field, 0, UnixTime.LastMs, out time);
                run.DelayMs = time;
                break;
            case Attempt:
                isRead = json.Integer(Fields, field, 1, MostAttempts, out count);
                run.Attempt = count;
                break;
            case Failures:
                isRead = json.Integer(Fields, field, 0, MostAttempts, out count);
                run.Failures = count;
                break;
            case RetryTime:
                isRead = json.Time(Fields, field, out time);
                run.RetryAtMs = time;
                break;
            default:
                isRead = json.Boolean(Fields, field, out var isByHand);
                run.ByHand = isByHand;
                break;
        }

        return isRead;
    }
}
