using System.Buffers;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Encodes the TaskCommand of a create straight from the request's bytes into one array of the right size: the only
/// copy of a payload between the socket and the log. Byte for byte what the generated types would write (a test compares).
/// </summary>
internal static class CreateCommandEncoder
{
    private const int PairName = 1;
    private const int PairValue = 2;

    /// <summary>A whole command that creates one task.</summary>
    public static byte[] EncodeOne(in TaskFields fields, TaskId id, long nowMs)
    {
        var definitionBytes = DefinitionBytes(in fields);
        var taskBytes = TaskBytes(definitionBytes, in fields, id, nowMs);
        var createBytes = WireWriter.MessageBytes(taskBytes);
        var command = new byte[WireWriter.MessageBytes(createBytes)];
        var writer = new WireWriter(command);
        writer.OpenMessage(TaskCommand.CreateFieldNumber, createBytes);
        writer.OpenMessage(CreateTasks.TasksFieldNumber, taskBytes);
        WriteTask(ref writer, definitionBytes, in fields, id, nowMs);
        return command;
    }

    /// <summary>Adds one task to those of a command to be finished by <see cref="EncodeBatch"/>.</summary>
    public static void Append(IBufferWriter<byte> tasks, in TaskFields fields, TaskId id, long nowMs)
    {
        var definitionBytes = DefinitionBytes(in fields);
        var taskBytes = TaskBytes(definitionBytes, in fields, id, nowMs);
        var fieldBytes = WireWriter.MessageBytes(taskBytes);
        var writer = new WireWriter(tasks.GetSpan(fieldBytes));
        writer.OpenMessage(CreateTasks.TasksFieldNumber, taskBytes);
        WriteTask(ref writer, definitionBytes, in fields, id, nowMs);
        tasks.Advance(fieldBytes);
    }

    /// <summary>A whole command that creates the tasks appended.</summary>
    public static byte[] EncodeBatch(ReadOnlySpan<byte> tasks)
    {
        var command = new byte[WireWriter.MessageBytes(tasks.Length)];
        var writer = new WireWriter(command);
        writer.OpenMessage(TaskCommand.CreateFieldNumber, tasks.Length);
        writer.Raw(tasks);
        return command;
    }

    private static int TaskBytes(int definitionBytes, in TaskFields fields, TaskId id, long nowMs) =>
        WireWriter.NumberBytes(id.Value) + WireWriter.NumberBytes(nowMs) +
        WireWriter.NumberBytes(fields.FirstDueMs) + WireWriter.MessageBytes(definitionBytes);

    private static void WriteTask(
        ref WireWriter writer, int definitionBytes, in TaskFields fields, TaskId id, long nowMs)
    {
        writer.Number(CreateTask.TaskIdFieldNumber, id.Value);
        writer.Number(CreateTask.CreateTimeMsFieldNumber, nowMs);
        writer.Number(CreateTask.FirstDueMsFieldNumber, fields.FirstDueMs);
        writer.OpenMessage(CreateTask.DefinitionFieldNumber, definitionBytes);
        WriteDefinition(ref writer, in fields);
    }

    private static int DefinitionBytes(in TaskFields fields) =>
        WireWriter.NumberBytes((long)fields.Type) + WireWriter.TextBytes(fields.Format.Length) +
        WireWriter.TextBytes(fields.Timezone.Length) + WireWriter.TextBytes(fields.Name.Length) +
        WireWriter.TextBytes(fields.Url.Length) + WireWriter.TextBytes(fields.Method.Length) +
        WireWriter.TextBytes(fields.Body.Length) + PairsBytes(fields.Headers) +
        WireWriter.NumberBytes(fields.TimeoutMs) + WireWriter.NumberBytes(fields.MaxAttempts) +
        WireWriter.NumberBytes(fields.MinBackoffMs) + WireWriter.NumberBytes(fields.MaxBackoffMs) +
        WireWriter.NumberBytes((long)fields.Misfire) + PairsBytes(fields.Tags);

    private static void WriteDefinition(ref WireWriter writer, in TaskFields fields)
    {
        writer.Number(TaskDefinition.TypeFieldNumber, (long)fields.Type);
        writer.Text(TaskDefinition.FormatFieldNumber, fields.Format);
        writer.Text(TaskDefinition.TimezoneFieldNumber, fields.Timezone);
        writer.Text(TaskDefinition.NameFieldNumber, fields.Name);
        writer.Text(TaskDefinition.UrlFieldNumber, fields.Url);
        writer.Text(TaskDefinition.MethodFieldNumber, fields.Method);
        writer.Text(TaskDefinition.BodyFieldNumber, fields.Body);
        WritePairs(ref writer, TaskDefinition.HeadersFieldNumber, fields.Headers);
        writer.Number(TaskDefinition.TimeoutMsFieldNumber, fields.TimeoutMs);
        writer.Number(TaskDefinition.MaxAttemptsFieldNumber, fields.MaxAttempts);
        writer.Number(TaskDefinition.MinBackoffMsFieldNumber, fields.MinBackoffMs);
        writer.Number(TaskDefinition.MaxBackoffMsFieldNumber, fields.MaxBackoffMs);
        writer.Number(TaskDefinition.MisfireFieldNumber, (long)fields.Misfire);
        WritePairs(ref writer, TaskDefinition.TagsFieldNumber, fields.Tags);
    }

    private static int PairsBytes(List<TextPair>? pairs)
    {
        var bytes = 0;
        if (pairs is null)
            return bytes;
        foreach (var pair in pairs)
            bytes += WireWriter.MessageBytes(PairBytes(in pair));
        return bytes;
    }

    private static int PairBytes(in TextPair pair) =>
        WireWriter.TextBytes(pair.Name.Length) + WireWriter.TextBytes(pair.Value.Length);

    private static void WritePairs(ref WireWriter writer, int field, List<TextPair>? pairs)
    {
        if (pairs is null)
            return;
        foreach (var pair in pairs)
        {
            writer.OpenMessage(field, PairBytes(in pair));
            writer.Text(PairName, pair.Name);
            writer.Text(PairValue, pair.Value);
        }
    }
}
