using System.Text.Json;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Writes a history as JSON lines, in the words of Jepsen, so that an outside checker can judge it: process, type
/// (invoke, ok, fail, info), f (read, write, cas), key, value (null: nothing yet; for cas: expected and new), time in
/// nanoseconds. Lines are in the order in which things happened.
/// </summary>
internal static class HistoryLines
{
    public static void Write(TextWriter target, IEnumerable<HistoryEvent> history)
    {
        var index = 0;
        foreach (var line in history)
        {
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer))
                Write(json, index++, line);
            target.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        }
    }

    private static void Write(Utf8JsonWriter json, int index, in HistoryEvent line)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteNumber("process", line.Process);
        json.WriteString("type", line.Kind switch
        {
            HistoryKind.Invoke => "invoke",
            HistoryKind.Ok => "ok",
            HistoryKind.Info => "info",
            _ => "fail",
        });
        json.WriteString("f", line.Operation switch
        {
            HistoryOperation.Read => "read",
            HistoryOperation.Write => "write",
            _ => "cas",
        });
        json.WriteNumber("key", line.Key);
        json.WritePropertyName("value");
        if (line.Operation == HistoryOperation.CompareAndSet)
        {
            json.WriteStartArray();
            WriteValue(json, line.Expected);
            WriteValue(json, line.Value);
            json.WriteEndArray();
        }
        else
        {
            WriteValue(json, line.Value);
        }

        json.WriteNumber("time", line.TimeMs * 1_000_000);
        if (line.Kind == HistoryKind.Mismatch)
            json.WriteString("error", "mismatch");
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, long value)
    {
        if (value == 0)
            json.WriteNullValue();
        else
            json.WriteNumberValue(value);
    }
}
