using System.Text;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/deleteTask.</summary>
internal sealed class DeleteTaskEndpoint(ApiServices services) : IApiEndpoint
{
    private const int TaskIdField = 0;

    public static readonly FieldTable Fields = new(
        "",
        [
            new("task_id", FieldType.Text, TaskKey.ExpectedId) { Doc = "This or name." },
            new("name", FieldType.Text, CreateFields.Task.Expected(CreateFields.Name)) { Doc = "This or task_id." },
        ]);

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskKey key = default;
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
        {
            error = body.Error ?? QueryParameters.ReadNone(context.Request.QueryString) ??
                Read(body.Json.Span, out key);
        }

        if (error is not null)
        {
            await Answer.ErrorAsync(context, requestId, error);
            return;
        }

        var command = key.Name is null ? TaskCommands.EncodeDelete(key.Id) : TaskCommands.EncodeDelete(key.Name);
        var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
        await AnswerAsync(context, requestId, key, outcome);
    }

    private static ApiError? Read(ReadOnlySpan<byte> body, out TaskKey key)
    {
        key = default;
        try
        {
            var json = new StrictJson(body);
            return ReadFields(ref json, out var id, out var name) ? TaskKey.Read(id, name, out key) : json.Error;
        }
        catch (JsonException exception)
        {
            return StrictJson.NotJson(exception);
        }
    }

    private static bool ReadFields(ref StrictJson json, out string? id, out string? name)
    {
        id = null;
        name = null;
        if (!json.OpenDocument())
            return false;
        uint seen = 0;
        int field;
        while ((field = json.NextField(Fields, ref seen)) != StrictJson.End)
        {
            if (!json.Text(Fields, field, out var text))
                return false;
            if (field == TaskIdField)
                id = Encoding.UTF8.GetString(text);
            else
                name = Encoding.UTF8.GetString(text);
        }

        return json.CloseDocument();
    }

    private static Task AnswerAsync(HttpContext context, Guid requestId, TaskKey key, ProposeOutcome outcome)
    {
        if (outcome is not ProposeOutcome.Applied applied)
            return Answer.ErrorAsync(context, requestId, WriteOutcome.Of(outcome)!);
        switch (applied.Result.Code)
        {
            case ResultCode.Ok:
                var deleted = DeleteAnswer.Decode(applied.Result.Data.Span);
                return Answer.DataAsync(context, requestId, deleted, WriteDeleted);
            case ResultCode.UnknownTask:
                return Answer.ErrorAsync(context, requestId, key.NotFound());
            default:
                throw new InvalidDataException($"The state machine answered a delete with code {applied.Result.Code}.");
        }
    }

    private static void WriteDeleted(Utf8JsonWriter json, DeleteAnswer deleted)
    {
        json.WriteStartObject();
        json.WriteString("task_id"u8, deleted.Id.ToString());
        json.WriteBoolean("running"u8, deleted.Running);
        json.WriteEndObject();
    }
}
