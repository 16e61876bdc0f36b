using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/deleteTask.</summary>
internal sealed class DeleteTaskEndpoint(ApiServices services) : IApiEndpoint
{
    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskKey key;
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
            error = TaskKeyBody.Read(body, context.Request.QueryString, out key);

        if (error is not null)
        {
            await Answer.ErrorAsync(context, requestId, error);
            return;
        }

        var command = key.Name is null ? TaskCommands.EncodeDelete(key.Id) : TaskCommands.EncodeDelete(key.Name);
        var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
        await AnswerAsync(context, requestId, key, outcome);
    }

    private async Task AnswerAsync(HttpContext context, Guid requestId, TaskKey key, ProposeOutcome outcome)
    {
        if (outcome is not ProposeOutcome.Applied applied)
        {
            await Answer.ErrorAsync(context, requestId, WriteOutcome.Of(outcome)!);
            return;
        }

        switch (applied.Result.Code)
        {
            case ResultCode.Ok:
                var deleted = DeleteAnswer.Decode(applied.Result.Data.Span);
                if (deleted.Running)
                    await services.AwaitCallers(deleted.Callers, context.RequestAborted);
                await Answer.DataAsync(context, requestId, deleted, WriteDeleted);
                return;
            case ResultCode.UnknownTask:
                await Answer.ErrorAsync(context, requestId, key.NotFound());
                return;
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
