using System.Text;
using System.Text.Json;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.Schedules;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Makes the command of an update: the fields given, laid over those of the task, and judged together as those of a new
/// one are. Where the schedule is another afterwards, it counts from now.
/// </summary>
internal sealed class TaskUpdate(TaskIntake intake)
{
    private const uint KeyFields = (1u << CreateFields.TaskId) | (1u << CreateFields.Name);

    /// <summary>Reads which task is meant, and whether each field by itself is right; what is wrong, or null.</summary>
    public static ApiError? ReadKey(ReadOnlySpan<byte> body, out TaskKey key)
    {
        key = default;
        var fields = new TaskFields { IsUpdate = true };
        if (Read(body, ref fields) is { } error)
            return error;

        // With an id, a name is the new one.
        var isById = fields.TaskId is not null;
        var name = isById || !fields.HasTask(CreateFields.Name) ? null : Encoding.UTF8.GetString(fields.Name);
        if (TaskKey.Read(fields.TaskId, name, out key) is { } wrong)
            return wrong;
        var given = fields.SeenTask & ~(isById ? 1u << CreateFields.TaskId : KeyFields);
        return given != 0
            ? null
            : ApiError.BadRequest("no field to change is given; must be at least one beside the task's own");
    }

    /// <summary>The command, or null: nothing is to be written, as the error says or since nothing changes.</summary>
    /// <param name="body">As <see cref="ReadKey"/> found it right.</param>
    /// <param name="record">The task as it is.</param>
    /// <param name="nowMs">The time from which a new schedule counts.</param>
    /// <param name="error">What is wrong, or null.</param>
    public UpdateTask? Make(ReadOnlySpan<byte> body, TaskRecord record, long nowMs, out ApiError? error)
    {
        var definition = TaskDefinitionCodec.Decode(record.Definition);
        var fields = DefinitionFields.Of(definition);
        error = Read(body, ref fields);
        if (error is not null)
            return null;

        var isFormatGiven = fields.HasTask(CreateFields.Format);
        error = Merge(ref fields, definition);
        var isSameGrid = IsSameGrid(in fields, definition, isFormatGiven);
        var isChanged = !isSameGrid || IsMoved(in fields, definition, record);
        if (error is null && isChanged)
            error = FindDue(ref fields, record, isSameGrid, nowMs);
        error ??= intake.CompleteRest(ref fields);
        if (error is not null)
            return null;

        var update = new UpdateTask
        {
            TaskId = record.Id.Value,
            Revision = record.Revision,
            Definition = UnsafeByteOperations.UnsafeWrap(CreateCommandEncoder.EncodeDefinition(in fields)),
        };

        // What is too large already, since max_request_bytes was larger, may be changed as long as it does not grow.
        if (update.Definition.Length > record.Definition.Length)
            error = intake.CheckSize(update.Definition.Length);
        if (error is not null)
            return null;
        if (isChanged)
            SetDue(update, in fields, record, isSameGrid);
        return isChanged || !update.Definition.Span.SequenceEqual(record.Definition) ? update : null;
    }

    private static ApiError? Read(ReadOnlySpan<byte> body, ref TaskFields fields)
    {
        try
        {
            var json = new StrictJson(body);
            var isRead = json.OpenDocument() && TaskFieldsReader.Read(ref json, ref fields) && json.CloseDocument();
            return isRead ? null : json.Error;
        }
        catch (JsonException exception)
        {
            return StrictJson.NotJson(exception);
        }
    }

    /// <summary>What the task had counts as given, unless it was given anew.</summary>
    private static ApiError? Merge(ref TaskFields fields, TaskDefinition definition)
    {
        if (fields.Type == TaskType.Periodic && OneShotTime.IsTimestamp(fields.Format))
            fields.Type = TaskType.OneShot;
        if (fields.Type != definition.Type)
        {
            return ApiError.BadRequest(
                $"type and format make a task of type {(int)fields.Type}; must be {(int)definition.Type}, as a " +
                "task's type cannot be changed (delete it and create another)");
        }

        fields.SeenTask |= 1u << CreateFields.Type | 1u << CreateFields.Format;
        if (definition.Timezone.Length > 0 && !BringsZone(in fields, definition))
            fields.SeenTask |= 1u << CreateFields.Timezone;
        fields.SeenCallback |= 1u << CreateFields.Url;
        if (!definition.Body.IsEmpty)
            fields.SeenCallback |= 1u << CreateFields.Body;
        fields.SeenRetry |= 1u << CreateFields.MinBackoff | 1u << CreateFields.MaxBackoff;
        return fields.Type == TaskType.OneShot ? TaskIntake.CheckOneShot(in fields) : null;
    }

    /// <summary>Whether a new expression has a zone of its own, which takes the place of the task's.</summary>
    private static bool BringsZone(in TaskFields fields, TaskDefinition definition)
    {
        var format = Encoding.UTF8.GetString(fields.Format);
        return format != definition.Format && ScheduleParser.NamesTimezone(format);
    }

    /// <summary>Whether the expression is due at the same times as before. A delay counts from now each time.</summary>
    private static bool IsSameGrid(in TaskFields fields, TaskDefinition definition, bool isFormatGiven)
    {
        var isSameFormat = Encoding.UTF8.GetString(fields.Format) == definition.Format
            && !(isFormatGiven && fields.Format is [(byte)'+', ..]);
        return isSameFormat && fields.HasTask(CreateFields.Timezone) == (definition.Timezone.Length > 0)
            && Encoding.UTF8.GetString(fields.Timezone) == definition.Timezone;
    }

    /// <summary>Whether the same expression means other runs; of a one-shot, only one that is still to come.</summary>
    private static bool IsMoved(in TaskFields fields, TaskDefinition definition, TaskRecord record)
    {
        var isJittered = fields.JitterMs != definition.JitterMs;
        return fields.Type == TaskType.OneShot
            ? isJittered && record.NextDueMs != 0
            : isJittered || fields.StartAtMs != definition.StartAtMs || fields.EndAtMs != definition.EndAtMs
                || fields.MaxRuns != definition.MaxRuns;
    }

    private ApiError? FindDue(ref TaskFields fields, TaskRecord record, bool isSameGrid, long nowMs)
    {
        if (fields.Type == TaskType.Periodic || !isSameGrid)
            return intake.CompleteSchedule(ref fields, nowMs) ?? CheckRuns(in fields, record);

        // A one-shot's time was judged when it was given; only jitter moves it now.
        fields.FirstDueMs = record.NextDueMs;
        fields.MostDelayMs = fields.JitterMs;
        return null;
    }

    private static ApiError? CheckRuns(in TaskFields fields, TaskRecord record)
    {
        // The due time that waits for the open run is a run to come that is promised already.
        var runs = record.CountedRuns + (record.QueuedDueMs != 0 ? 1 : 0);
        return fields.MaxRuns == 0 || fields.MaxRuns > runs
            ? null
            : ApiError.BadRequest($"max_runs is {fields.MaxRuns}; must be more than the {runs} runs that there were");
    }

    /// <summary>A time that is due already and is one of the new schedule's too is not lost.</summary>
    private static void SetDue(UpdateTask update, in TaskFields fields, TaskRecord record, bool isSameGrid)
    {
        var isKept = isSameGrid && record.NextDueMs != 0 && record.NextDueMs <= fields.FirstDueMs
            && record.NextDueMs >= fields.StartAtMs;
        update.ReplacesDue = true;
        update.NextDueMs = isKept ? record.NextDueMs : fields.FirstDueMs;

        // A time that is kept is not moved past the first one after now either.
        var mostDelayMs = update.NextDueMs < fields.FirstDueMs
            ? Math.Min(fields.MostDelayMs, fields.FirstDueMs - update.NextDueMs - 1)
            : fields.MostDelayMs;
        update.NextDelayMs = Jitter.DelayMs(record.Id.Value, update.NextDueMs, mostDelayMs);
    }
}
