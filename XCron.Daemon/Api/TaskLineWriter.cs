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
        if (record.NextDueMs != 0)
            json.WriteString(TaskLine.Name(TaskLine.DueTime), UnixTime.Format(record.NextDueMs));
        if (record.QueuedDueMs != 0)
            json.WriteString(TaskLine.Name(TaskLine.QueuedTime), UnixTime.Format(record.QueuedDueMs));
        json.WriteNumber(TaskLine.Name(TaskLine.RunSequence), record.RunSequence);
        if (record.History is { Uncounted: not 0 } history)
            json.WriteNumber(TaskLine.Name(TaskLine.RunsByHand), history.Uncounted);
        json.WriteNumber(TaskLine.Name(TaskLine.RunCount), record.RunCount);
        json.WriteNumber(TaskLine.Name(TaskLine.FailCount), record.FailCount);
        if (record.Runs is { } runs)
            TaskLineRuns.Write(json, runs);

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
        if (definition.Paused)
            json.WriteBoolean("paused"u8, true);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
