using System.Text;
using System.Text.Json;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>Reads the lines of an import, as strictly as createTask reads a task.</summary>
internal sealed class TaskLineReader(ApiServices services, TaskIntake intake)
{
    private static readonly ApiError TwoBodies =
        ApiError.BadRequest("body_text and task.callback.body are both given; must be one of them");

    private static readonly ApiError NoObject =
        ApiError.BadRequest($"body_text must be {TaskLine.Fields.Expected(TaskLine.BodyText)}");

    private static readonly ApiError TooDeep = ApiError.BadRequest(
        $"body_text, the task's callback.body, is nested deeper than {StrictJson.MaxObjectDepth}; must be " +
        TaskLine.Fields.Expected(TaskLine.BodyText));

    private static readonly ApiError TooManyByHand =
        ApiError.BadRequest($"runs_by_hand must be {TaskLine.Fields.Expected(TaskLine.RunsByHand)}");

    public ImportLine Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var json = new StrictJson(line);
            var fields = new TaskFields();
            var extras = new Extras();
            return json.OpenDocument() && ReadFields(ref json, ref fields, ref extras) && json.CloseDocument()
                ? Complete(ref fields, ref extras)
                : ImportLine.Of(json.Error!);
        }
        catch (JsonException exception)
        {
            return ImportLine.Of(StrictJson.NotJson(exception));
        }
    }

    private static bool ReadFields(ref StrictJson json, ref TaskFields fields, ref Extras extras)
    {
        var table = TaskLine.Fields;
        int field;
        while ((field = json.NextField(table, ref extras.Seen)) != StrictJson.End)
        {
            var isRead = field switch
            {
                TaskLine.TaskId => ReadId(ref json, out extras.TaskId),
                TaskLine.CreateTime => json.Time(table, field, out extras.CreateTimeMs),
                TaskLine.State => ReadState(ref json, out extras.State),
                TaskLine.DueTime => json.Time(table, field, out extras.DueMs),
                TaskLine.QueuedTime => json.Time(table, field, out extras.QueuedDueMs),
                TaskLine.RunSequence => json.Count(table, field, out extras.RunSequence),
                TaskLine.RunCount => json.Count(table, field, out extras.RunCount),
                TaskLine.FailCount => json.Count(table, field, out extras.FailCount),
                TaskLine.RunsByHand => json.Count(table, field, out extras.RunsByHand),
                TaskLine.OpenRuns => TaskLineRuns.Read(ref json, out extras.OpenRuns),
                TaskLine.BodyText => json.Text(table, field, out extras.BodyText),
                _ => json.Object(table, field) && TaskFieldsReader.Read(ref json, ref fields),
            };
            if (!isRead)
                return false;
        }

        return json.Error is null;
    }

    private ImportLine Complete(ref TaskFields fields, ref Extras extras)
    {
        foreach (var needed in (ReadOnlySpan<int>)[TaskLine.TaskId, TaskLine.Task])
        {
            if (!extras.Has(needed))
                return ImportLine.Of(TaskLine.Fields.Missing(needed));
        }

        if (extras.State is not (null or "scheduled" or "running" or "paused"))
            return default;
        if (extras.RunsByHand > extras.RunSequence)
            return ImportLine.Of(TooManyByHand);
        if (extras.Has(TaskLine.BodyText))
        {
            if (fields.HasCallback(CreateFields.Body))
                return ImportLine.Of(TwoBodies);
            if (WhyNoBody(extras.BodyText) is { } wrong)
                return ImportLine.Of(wrong);
            fields.Body = extras.BodyText;
            fields.SeenCallback |= 1u << CreateFields.Body;
        }

        // What was right when the task was made is right now: its time may have passed since. With nothing said of
        // what is left to do a schedule starts from now.
        var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var createTimeMs = extras.Has(TaskLine.CreateTime) ? extras.CreateTimeMs : nowMs;
        fields.DueMs = extras.FirstLeftMs;
        var isFromNow = fields.DueMs == 0 && fields.Type == TaskType.Periodic;
        if (intake.Complete(ref fields, isFromNow ? nowMs : createTimeMs) is { } error)
            return ImportLine.Of(error);
        var task = Encode(in fields, in extras, createTimeMs);
        return ImportedRuns.Refusal(task) is { } refusal
            ? ImportLine.Of(ApiError.BadRequest(refusal))
            : new ImportLine(task, Encoding.UTF8.GetString(fields.Name), null);
    }

    /// <summary>
    /// As a create of the task would have it, so that the same task has the same bytes and the same jitter.
    /// </summary>
    private ImportTask Encode(in TaskFields fields, in Extras extras, long createTimeMs)
    {
        var command = CreateCommandEncoder.EncodeOne(
            services.Proposer, in fields, new TaskId(extras.TaskId), createTimeMs);
        var hasDue = extras.DueMs != 0 || extras.FirstLeftMs == 0;
        foreach (var entry in new CreateCommand(command))
        {
            var task = new ImportTask
            {
                TaskId = extras.TaskId,
                CreateTimeMs = createTimeMs,
                Definition = ByteString.CopyFrom(entry.Definition),
                NextDueMs = hasDue ? entry.FirstDueMs : 0,
                NextDelayMs = hasDue ? entry.FirstDelayMs : 0,
                QueuedDueMs = extras.QueuedDueMs,
                Paused = extras.State is null ? fields.IsPaused : extras.State == "paused",
                RunSequence = extras.RunSequence,
                RunsByHand = extras.RunsByHand,
                RunCount = extras.RunCount,
                FailCount = extras.FailCount,
            };
            task.OpenRuns.AddRange(extras.OpenRuns ?? []);
            return task;
        }

        throw new System.Diagnostics.UnreachableException("A create of one task has one.");
    }

    private static bool ReadId(ref StrictJson json, out long id)
    {
        id = 0;
        if (!json.Text(TaskLine.Fields, TaskLine.TaskId, out var text))
            return false;
        if (TaskKey.Read(Encoding.UTF8.GetString(text), null, out var key) is { } error)
            return json.Fail(error);
        id = key.Id.Value;
        return true;
    }

    private static bool ReadState(ref StrictJson json, out string? state)
    {
        state = null;
        if (!json.Text(TaskLine.Fields, TaskLine.State, out var text))
            return false;
        state = Encoding.UTF8.GetString(text);
        return TaskAnswer.States.Contains(state) || json.Refuse(TaskLine.Fields, TaskLine.State);
    }

    private static ApiError? WhyNoBody(ReadOnlySpan<byte> text)
    {
        try
        {
            var json = new StrictJson(text);
            if (!json.OpenDocument())
                return NoObject;
            if (!json.PassObject())
                return TooDeep;
            return json.CloseDocument() ? null : NoObject;
        }
        catch (JsonException)
        {
            // No JSON at all: the answer says what would be right.
            return NoObject;
        }
    }

    /// <summary>What stands beside the task.</summary>
    private ref struct Extras
    {
        public uint Seen;
        public long TaskId;
        public long CreateTimeMs;
        public string? State;
        public long DueMs;
        public long QueuedDueMs;
        public long RunSequence;
        public long RunCount;
        public long FailCount;
        public long RunsByHand;
        public List<ImportRun>? OpenRuns;
        public ReadOnlySpan<byte> BodyText;

        /// <summary>A time of the schedule, or of a run, that is left to do; 0 where the line says of none.</summary>
        public readonly long FirstLeftMs =>
            DueMs != 0 ? DueMs : QueuedDueMs != 0 ? QueuedDueMs : OpenRuns is [var run, ..] ? run.ScheduledMs : 0;

        public readonly bool Has(int field) => (Seen & (1u << field)) != 0;
    }
}
