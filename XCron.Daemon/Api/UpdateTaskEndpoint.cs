using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/updateTask: the fields given change, the rest stays.</summary>
internal sealed class UpdateTaskEndpoint(ApiServices services, TaskIntake intake) : IApiEndpoint
{
    /// <summary>How often it is computed anew because the task has changed meanwhile.</summary>
    private const int MaxLooks = 8;

    private readonly TaskUpdate _update = new(intake);

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        using var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes);
        TaskKey key = default;
        var error = body.Error ?? QueryParameters.ReadNone(context.Request.QueryString) ??
            TaskUpdate.ReadKey(body.Json.Span, out key);
        for (var looks = 0; error is null && looks < MaxLooks; looks++)
        {
            if (!await services.Gateway.ReadBarrierAsync(context.RequestAborted))
            {
                error = WriteOutcome.OfBarrier;
                break;
            }

            var record = key.Name is null ? services.Tasks.Find(key.Id) : services.Tasks.FindByName(key.Name);
            if (record is null)
            {
                error = key.NotFound();
                break;
            }

            var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
            var update = _update.Make(body.Json.Span, record, nowMs, out error);
            if (error is not null)
                break;
            if (update is null)
            {
                await ChangeAnswerWriter.AnswerAsync(context, requestId, new ChangeAnswer(record.Id, 0));
                return;
            }

            var outcome = await services.Gateway.SubmitAsync(
                TaskCommands.EncodeUpdate(update), context.RequestAborted);
            if (outcome is ProposeOutcome.Applied { Result.Code: ResultCode.Changed })
                continue;
            if (outcome is ProposeOutcome.Applied { Result: { Code: ResultCode.NameTaken } taken })
            {
                error = NameTaken(ChangeAnswer.Decode(taken.Data.Span).Id);
                break;
            }

            await ChangeAnswerWriter.AnswerAsync(context, requestId, key, outcome);
            return;
        }

        await Answer.ErrorAsync(context, requestId, error ?? ChangeRefusal.Restless);
    }

    private static ApiError NameTaken(TaskId holder) =>
        new(ApiCode.Conflict, $"name is taken by task {holder}; must be free");
}
