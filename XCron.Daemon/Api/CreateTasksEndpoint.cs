using System.Buffers;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/createTasks: many tasks, one log entry, each with its own answer.</summary>
internal sealed class CreateTasksEndpoint(ApiServices services, TaskIntake intake) : IApiEndpoint
{
    private const int MaxTasks = 1000;
    private const int Tasks = 0;

    public static readonly FieldTable Fields = new(
        "",
        [
            new("tasks", FieldType.Array, "an array of at most 1000 tasks")
            {
                IsRequired = true,
                Fields = static () => CreateFields.Task,
            },
        ]);

    private static readonly FieldTable Elements =
        new("tasks.", [new("element", FieldType.Object, "an object as createTask takes it")]);

    private readonly IdCollisions _collisions = new(services);
    private readonly RepeatedCreate _repeated = new(services, intake);

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var settled = new List<CreateOutcome?>();
        var late = new List<(int Place, LateCreate Create)>();
        byte[]? command;
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
        {
            error = body.Error ?? QueryParameters.ReadNone(context.Request.QueryString);
            command = error is null ? Encode(body.Json.Span, settled, late, out error) : null;
        }

        if (error is null && late.Count > 0)
            await SettleAsync(settled, late, context.RequestAborted);

        CreateOutcome[] created = [];
        if (command is not null)
        {
            var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
            error = WriteOutcome.Of(outcome);
            if (outcome is ProposeOutcome.Applied applied)
            {
                created = Array.ConvertAll(CreateAnswers.Decode(applied.Result.Data.Span), CreateOutcome.Of);
                await _collisions.ResolveAsync(command, created, context.RequestAborted);
                await _repeated.RecognizeAsync(command, created, context.RequestAborted);
            }
        }

        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, Merge(settled, created), WriteResults));
    }

    private async Task SettleAsync(
        List<CreateOutcome?> settled, List<(int Place, LateCreate Create)> late, CancellationToken cancellationToken)
    {
        var found = await _repeated.FindAsync([.. late.Select(static one => one.Create)], cancellationToken);
        for (var position = 0; position < late.Count; position++)
            settled[late[position].Place] = found[position];
    }

    /// <summary>The command for the valid tasks; null where there are none, or where the whole is wrong.</summary>
    /// <param name="body">The request.</param>
    /// <param name="settled">Gets, for each task, what became of it; null for those in the command.</param>
    /// <param name="late">Gets those that may be there already.</param>
    /// <param name="error">What is wrong with the whole, or null.</param>
    private byte[]? Encode(
        ReadOnlySpan<byte> body,
        List<CreateOutcome?> settled,
        List<(int Place, LateCreate Create)> late,
        out ApiError? error)
    {
        try
        {
            var json = new StrictJson(body);
            var tasks = new ArrayBufferWriter<byte>(Math.Max(body.Length, 1));
            uint seen = 0;
            if (json.OpenDocument() && json.NextField(Fields, ref seen) == Tasks && json.Array(Fields, Tasks))
            {
                EncodeEach(ref json, tasks, settled, late);
                json.NextField(Fields, ref seen);
                json.CloseDocument();
            }

            error = json.Error ?? (seen == 0 ? Fields.Missing(Tasks) : null);
            return error is null && tasks.WrittenCount > 0
                ? CreateCommandEncoder.EncodeBatch(services.Proposer, tasks.WrittenSpan)
                : null;
        }
        catch (JsonException exception)
        {
            error = StrictJson.NotJson(exception);
            return null;
        }
    }

    private void EncodeEach(
        ref StrictJson json,
        ArrayBufferWriter<byte> tasks,
        List<CreateOutcome?> settled,
        List<(int Place, LateCreate Create)> late)
    {
        var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        while (json.NextElement())
        {
            if (settled.Count == MaxTasks)
            {
                json.Fail(ApiError.BadRequest($"tasks has more elements; must be {Fields.Expected(Tasks)}"));
                return;
            }

            // A task that is refused half-way is passed over whole, from where it began.
            var atStart = json;
            var fields = new TaskFields();
            var isRead = json.Object(Elements, 0) && TaskFieldsReader.Read(ref json, ref fields);
            var error = isRead ? intake.Complete(ref fields, nowMs) : json.Error;
            if (error is { IsTooLate: true })
                late.Add((settled.Count, new LateCreate(atStart.CopyOfValue(), error)));
            settled.Add(error is null ? null : new CreateOutcome(default, false, error));
            if (error is null)
                CreateCommandEncoder.Append(tasks, in fields, services.NextTaskId(), nowMs);
            if (isRead)
                continue;
            json = atStart;
            json.SkipValue();
        }
    }

    /// <summary>Puts the outcomes, one for each task of the command, between those that were settled before.</summary>
    private static CreateOutcome[] Merge(List<CreateOutcome?> settled, CreateOutcome[] created)
    {
        var outcomes = new CreateOutcome[settled.Count];
        var next = 0;
        for (var task = 0; task < outcomes.Length; task++)
            outcomes[task] = settled[task] ?? created[next++];
        return outcomes;
    }

    private static void WriteResults(Utf8JsonWriter json, CreateOutcome[] outcomes)
    {
        json.WriteStartObject();
        json.WriteStartArray("results"u8);
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteNumber("code"u8, outcome.Error?.Code ?? ApiCode.Ok);
            if (outcome.Error is { } error)
                json.WriteString("message"u8, error.Message);
            else
                json.WriteString("task_id"u8, outcome.Task.ToString());
            if (outcome.IsExisting)
                json.WriteBoolean("existing"u8, true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
