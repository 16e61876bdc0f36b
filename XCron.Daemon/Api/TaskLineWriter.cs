using System.Buffers;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>Writes the lines of an export.</summary>
internal static class TaskLineWriter
{
    private static readonly SearchValues<byte> LineBreaks = SearchValues.Create("\r\n"u8);

    public static void Write(Utf8JsonWriter json, TaskRecord record)
    {
        var definition = TaskDefinitionCodec.Decode(record.Definition);
        json.WriteStartObject();
        json.WriteString(TaskLine.Name(TaskLine.TaskId), record.Id.ToString());
        json.WriteString(TaskLine.Name(TaskLine.CreateTime), UnixTime.Format(record.CreateTimeMs));
        var isPaused = record.Phase == TaskPhase.Paused;
        json.WriteString(TaskLine.Name(TaskLine.State), isPaused ? "paused" : TaskAnswer.StateOf(record));
        if (FirstUnservedMs(record) is var dueMs and not 0)
            json.WriteString(TaskLine.Name(TaskLine.DueTime), UnixTime.Format(dueMs));
        json.WriteNumber(TaskLine.Name(TaskLine.RunSequence), record.RunSequence - (record.Run is null ? 0 : 1));
        json.WriteNumber(TaskLine.Name(TaskLine.RunCount), record.RunCount);
        json.WriteNumber(TaskLine.Name(TaskLine.FailCount), record.FailCount);

        // Raw line breaks between the tokens of a body would end the line.
        var body = definition.Body.Span;
        var isOneLine = !body.ContainsAny(LineBreaks);
        if (!isOneLine)
            json.WriteString(TaskLine.Name(TaskLine.BodyText), body);
        json.WriteStartObject(TaskLine.Name(TaskLine.Task));
        json.WriteNumber("type"u8, (int)definition.Type);
        json.WriteString("format"u8, definition.Format);
        TaskAnswer.WriteCallback(json, definition, isOneLine ? body : []);
        TaskAnswer.WriteOptions(json, definition);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>
    /// A run that is under way may end or not where it is; wherever the line is imported it is made again, under the
    /// same run id.
    /// </summary>
    private static long FirstUnservedMs(TaskRecord record)
    {
        if (record.Run is { } run)
            return run.ScheduledMs;
        return record.QueuedDueMs != 0 ? record.QueuedDueMs : record.NextDueMs;
    }
}
