using System.Diagnostics;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>A task as the contract shows it.</summary>
internal sealed class TaskAnswer(ApiServices services)
{
    /// <summary>Every state that a listing can be asked for, as the contract names them.</summary>
    public static readonly string[] States = ["scheduled", "running", "paused", "completed", "failed", "expired"];

    private readonly RunAnswer _runs = new(services);

    public void Write(Utf8JsonWriter json, TaskRecord record)
    {
        var definition = TaskDefinitionCodec.Decode(record.Definition);
        json.WriteStartObject();
        json.WriteString("task_id"u8, record.Id.ToString());
        json.WriteTime("create_time", record.CreateTimeMs);
        json.WriteNumber("type"u8, (int)definition.Type);
        json.WriteString("format"u8, definition.Format);
        json.WriteString("state"u8, StateOf(record));
        json.WriteNumber("run_count"u8, record.RunCount);
        json.WriteNumber("fail_count"u8, record.FailCount);
        json.WriteTime("next_run_time", NextRunMs(record));
        WriteCallback(json, definition, definition.Body.IsEmpty ? "{}"u8 : definition.Body.Span);
        WriteOptions(json, definition);
        if (record.Phase == TaskPhase.Paused)
            json.WriteBoolean("paused"u8, true);
        WriteLastRun(json, record);
        json.WriteString("owner"u8, OwnerOf(record));
        json.WriteEndObject();
    }

    /// <summary>The state of a task as the contract names it.</summary>
    public static string StateOf(TaskRecord record) => record.Run is not null ? "running" : record.Phase switch
    {
        TaskPhase.Scheduled => "scheduled",
        TaskPhase.Paused => "paused",
        TaskPhase.Completed => "completed",
        TaskPhase.Failed => "failed",
        TaskPhase.Expired => "expired",
        _ => throw new UnreachableException($"No phase: {record.Phase}."),
    };

    /// <param name="json">Inside the task's object.</param>
    /// <param name="definition">The task's.</param>
    /// <param name="body">Shown as the body; empty for none.</param>
    public static void WriteCallback(Utf8JsonWriter json, TaskDefinition definition, ReadOnlySpan<byte> body)
    {
        json.WriteStartObject("callback"u8);
        json.WriteString("url"u8, definition.Url);
        json.WriteString("method"u8, definition.Method.Length == 0 ? "POST" : definition.Method);
        if (definition.Method != "GET" && !body.IsEmpty)
        {
            // As given, byte for byte: it was checked to be an object when the task was created.
            json.WritePropertyName("body"u8);
            json.WriteRawValue(body, skipInputValidation: true);
        }

        if (definition.Headers.Count > 0)
        {
            json.WriteStartObject("headers"u8);
            foreach (var header in definition.Headers)
                json.WriteString(header.Name, header.Value);
            json.WriteEndObject();
        }

        json.WriteSeconds("timeout", definition.TimeoutMs);
        json.WriteEndObject();
    }

    /// <summary>Every option but the callback's, under the names that createTask takes.</summary>
    public static void WriteOptions(Utf8JsonWriter json, TaskDefinition definition)
    {
        if (definition.Name.Length > 0)
            json.WriteString("name"u8, definition.Name);
        if (definition.Type == TaskType.Periodic)
        {
            json.WriteString("timezone"u8, definition.Timezone);
            json.WriteString("misfire"u8, MisfireName(definition.Misfire));
            json.WriteString("overlap"u8, OverlapName(definition.Overlap));
        }

        WriteBounds(json, definition);
        json.WriteStartObject("retry"u8);
        json.WriteNumber("max_attempts"u8, definition.MaxAttempts);
        json.WriteSeconds("min_backoff", definition.MinBackoffMs);
        json.WriteSeconds("max_backoff", definition.MaxBackoffMs);
        json.WriteEndObject();
        if (definition.Tags.Count == 0)
            return;
        json.WriteStartObject("tags"u8);
        foreach (var tag in definition.Tags)
            json.WriteString(tag.Key, tag.Value);
        json.WriteEndObject();
    }

    private static void WriteBounds(Utf8JsonWriter json, TaskDefinition definition)
    {
        if (definition.DeadlineMs != 0)
            json.WriteSeconds("deadline", definition.DeadlineMs);
        if (definition.JitterMs != 0)
            json.WriteSeconds("jitter", definition.JitterMs);
        if (definition.StartAtMs != 0)
            json.WriteTime("start_at", definition.StartAtMs);
        if (definition.EndAtMs != 0)
            json.WriteTime("end_at", definition.EndAtMs);
        if (definition.MaxRuns != 0)
            json.WriteNumber("max_runs"u8, definition.MaxRuns);
    }

    private static long NextRunMs(TaskRecord record)
    {
        if (record.Phase == TaskPhase.Paused)
            return 0;
        return record.QueuedDueMs != 0 ? record.QueuedDueMs : record.NextRunMs;
    }

    private static string MisfireName(Misfire misfire) => misfire switch
    {
        Misfire.FireOnce => "fire_once",
        Misfire.Skip => "skip",
        Misfire.FireAll => "fire_all",
        _ => throw new UnreachableException($"No misfire rule: {misfire}."),
    };

    private static string OverlapName(Overlap overlap) => overlap switch
    {
        Overlap.Queue => "queue",
        Overlap.Skip => "skip",
        Overlap.Allow => "allow",
        _ => throw new UnreachableException($"No overlap rule: {overlap}."),
    };

    private void WriteLastRun(Utf8JsonWriter json, TaskRecord record)
    {
        json.WritePropertyName("last_run"u8);
        if (record.LastRun is { } run)
            _runs.Write(json, record.Id, run);
        else
            json.WriteNullValue();
    }

    /// <summary>The node that will run it; null where nothing is left to run or nobody owns its shard.</summary>
    private string? OwnerOf(TaskRecord record)
    {
        var isOver = record is { Runs: null, IsFinished: true };
        return isOver ? null : _runs.NameOf(services.Tasks.OwnerOf(ShardId.Of(record.Id)).Node);
    }
}
