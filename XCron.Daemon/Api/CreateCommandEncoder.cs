using System.Buffers;
using XCron.Daemon.Commands;
using XCron.Daemon.Schedules;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Encodes the command of a create straight from the request's bytes into one array of the right size: the only copy of
/// a payload between the socket and the log. Byte for byte what the generated types would write (a test compares).
/// </summary>
internal static class CreateCommandEncoder
{
    private const int PairName = 1;
    private const int PairValue = 2;
    private const int ProposerBytes = 1 + sizeof(ulong);

    /// <summary>A whole command that creates one task.</summary>
    public static byte[] EncodeOne(OwnerSession proposer, in TaskFields fields, TaskId id, long nowMs)
    {
        var definitionBytes = DefinitionBytes(in fields);
        var delayMs = Jitter.DelayMs(id.Value, fields.FirstDueMs, fields.MostDelayMs);
        var taskBytes = TaskBytes(definitionBytes, delayMs, in fields, id, nowMs);
        var createBytes = WireWriter.SizeOfBytes(taskBytes) + ProposerBytes;
        var command = new byte[WireWriter.SizeOfBytes(createBytes)];
        var writer = new WireWriter(command);
        writer.WriteLength(TaskCommand.CreateFieldNumber, createBytes);
        writer.WriteLength(CreateTasks.TasksFieldNumber, taskBytes);
        WriteTask(ref writer, definitionBytes, delayMs, in fields, id, nowMs);
        writer.WriteFixed64(CreateTasks.ProposerFieldNumber, proposer.Incarnation);
        return command;
    }

    /// <summary>Adds one task to those of a command to be finished by <see cref="EncodeBatch"/>.</summary>
    public static void Append(IBufferWriter<byte> tasks, in TaskFields fields, TaskId id, long nowMs)
    {
        var definitionBytes = DefinitionBytes(in fields);
        var delayMs = Jitter.DelayMs(id.Value, fields.FirstDueMs, fields.MostDelayMs);
        var taskBytes = TaskBytes(definitionBytes, delayMs, in fields, id, nowMs);
        var fieldBytes = WireWriter.SizeOfBytes(taskBytes);
        var writer = new WireWriter(tasks.GetSpan(fieldBytes));
        writer.WriteLength(CreateTasks.TasksFieldNumber, taskBytes);
        WriteTask(ref writer, definitionBytes, delayMs, in fields, id, nowMs);
        tasks.Advance(fieldBytes);
    }

    /// <summary>A whole command that creates the tasks appended.</summary>
    public static byte[] EncodeBatch(OwnerSession proposer, ReadOnlySpan<byte> tasks)
    {
        var createBytes = tasks.Length + ProposerBytes;
        var command = new byte[WireWriter.SizeOfBytes(createBytes)];
        var writer = new WireWriter(command);
        writer.WriteLength(TaskCommand.CreateFieldNumber, createBytes);
        tasks.CopyTo(command.AsSpan(writer.Written));
        var end = new WireWriter(command.AsSpan(writer.Written + tasks.Length));
        end.WriteFixed64(CreateTasks.ProposerFieldNumber, proposer.Incarnation);
        return command;
    }

    /// <summary>A definition by itself, as an update has it.</summary>
    public static byte[] EncodeDefinition(in TaskFields fields)
    {
        var definition = new byte[DefinitionBytes(in fields)];
        var writer = new WireWriter(definition);
        WriteDefinition(ref writer, in fields);
        return definition;
    }

    private static int TaskBytes(
        int definitionBytes, long delayMs, in TaskFields fields, TaskId id, long nowMs) =>
        NumberBytes(id.Value) + NumberBytes(nowMs) + NumberBytes(fields.FirstDueMs) +
        WireWriter.SizeOfBytes(definitionBytes) + NumberBytes(delayMs);

    private static void WriteTask(
        ref WireWriter writer, int definitionBytes, long delayMs, in TaskFields fields, TaskId id, long nowMs)
    {
        writer.WriteNumber(CreateTask.TaskIdFieldNumber, (ulong)id.Value);
        writer.WriteNumber(CreateTask.CreateTimeMsFieldNumber, (ulong)nowMs);
        writer.WriteNumber(CreateTask.FirstDueMsFieldNumber, (ulong)fields.FirstDueMs);
        writer.WriteLength(CreateTask.DefinitionFieldNumber, definitionBytes);
        WriteDefinition(ref writer, in fields);
        writer.WriteNumber(CreateTask.FirstDelayMsFieldNumber, (ulong)delayMs);
    }

    private static int DefinitionBytes(in TaskFields fields) =>
        NumberBytes((long)fields.Type) + TextBytes(fields.Format) + TextBytes(fields.Timezone) +
        TextBytes(fields.Name) + TextBytes(fields.Url) + TextBytes(fields.Method) + TextBytes(fields.Body) +
        PairsBytes(fields.Headers) + NumberBytes(fields.TimeoutMs) + NumberBytes(fields.MaxAttempts) +
        NumberBytes(fields.MinBackoffMs) + NumberBytes(fields.MaxBackoffMs) + NumberBytes((long)fields.Misfire) +
        PairsBytes(fields.Tags) + NumberBytes(fields.DeadlineMs) + OptionBytes(in fields);

    /// <summary>Of the fields whose tags take two bytes; most tasks have none.</summary>
    private static int OptionBytes(in TaskFields fields) =>
        WireWriter.SizeOfNumber(TaskDefinition.OverlapFieldNumber, (ulong)fields.Overlap) +
        WireWriter.SizeOfNumber(TaskDefinition.JitterMsFieldNumber, (ulong)fields.JitterMs) +
        WireWriter.SizeOfNumber(TaskDefinition.StartAtMsFieldNumber, (ulong)fields.StartAtMs) +
        WireWriter.SizeOfNumber(TaskDefinition.EndAtMsFieldNumber, (ulong)fields.EndAtMs) +
        WireWriter.SizeOfNumber(TaskDefinition.MaxRunsFieldNumber, (ulong)fields.MaxRuns) +
        WireWriter.SizeOfNumber(TaskDefinition.PausedFieldNumber, fields.IsPaused ? 1UL : 0);

    private static void WriteDefinition(ref WireWriter writer, in TaskFields fields)
    {
        writer.WriteNumber(TaskDefinition.TypeFieldNumber, (ulong)fields.Type);
        WriteText(ref writer, TaskDefinition.FormatFieldNumber, fields.Format);
        WriteText(ref writer, TaskDefinition.TimezoneFieldNumber, fields.Timezone);
        WriteText(ref writer, TaskDefinition.NameFieldNumber, fields.Name);
        WriteText(ref writer, TaskDefinition.UrlFieldNumber, fields.Url);
        WriteText(ref writer, TaskDefinition.MethodFieldNumber, fields.Method);
        WriteText(ref writer, TaskDefinition.BodyFieldNumber, fields.Body);
        WritePairs(ref writer, TaskDefinition.HeadersFieldNumber, fields.Headers);
        writer.WriteNumber(TaskDefinition.TimeoutMsFieldNumber, (ulong)fields.TimeoutMs);
        writer.WriteNumber(TaskDefinition.MaxAttemptsFieldNumber, (ulong)fields.MaxAttempts);
        writer.WriteNumber(TaskDefinition.MinBackoffMsFieldNumber, (ulong)fields.MinBackoffMs);
        writer.WriteNumber(TaskDefinition.MaxBackoffMsFieldNumber, (ulong)fields.MaxBackoffMs);
        writer.WriteNumber(TaskDefinition.MisfireFieldNumber, (ulong)fields.Misfire);
        WritePairs(ref writer, TaskDefinition.TagsFieldNumber, fields.Tags);
        writer.WriteNumber(TaskDefinition.DeadlineMsFieldNumber, (ulong)fields.DeadlineMs);
        writer.WriteNumber(TaskDefinition.OverlapFieldNumber, (ulong)fields.Overlap);
        writer.WriteNumber(TaskDefinition.JitterMsFieldNumber, (ulong)fields.JitterMs);
        writer.WriteNumber(TaskDefinition.StartAtMsFieldNumber, (ulong)fields.StartAtMs);
        writer.WriteNumber(TaskDefinition.EndAtMsFieldNumber, (ulong)fields.EndAtMs);
        writer.WriteNumber(TaskDefinition.MaxRunsFieldNumber, (ulong)fields.MaxRuns);
        writer.WriteNumber(TaskDefinition.PausedFieldNumber, fields.IsPaused ? 1UL : 0);
    }

    private static int NumberBytes(long value) => WireWriter.SizeOfNumber((ulong)value);

    private static int TextBytes(ReadOnlySpan<byte> text) => text.IsEmpty ? 0 : WireWriter.SizeOfBytes(text.Length);

    private static void WriteText(ref WireWriter writer, int field, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
            writer.WriteBytes(field, text);
    }

    private static int PairsBytes(List<TextPair>? pairs)
    {
        var bytes = 0;
        if (pairs is null)
            return bytes;
        foreach (var pair in pairs)
            bytes += WireWriter.SizeOfBytes(PairBytes(in pair));
        return bytes;
    }

    private static int PairBytes(in TextPair pair) => TextBytes(pair.Name) + TextBytes(pair.Value);

    private static void WritePairs(ref WireWriter writer, int field, List<TextPair>? pairs)
    {
        if (pairs is null)
            return;
        foreach (var pair in pairs)
        {
            writer.WriteLength(field, PairBytes(in pair));
            WriteText(ref writer, PairName, pair.Name);
            WriteText(ref writer, PairValue, pair.Value);
        }
    }
}
