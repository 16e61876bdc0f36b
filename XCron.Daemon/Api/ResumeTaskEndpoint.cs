using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/resumeTask.</summary>
internal sealed class ResumeTaskEndpoint(ApiServices services) : IApiEndpoint
{
    /// <summary>How often it is computed anew because the task has changed meanwhile.</summary>
    private const int MaxLooks = 8;

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskKey key;
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
            error = TaskKeyBody.Read(body, context.Request.QueryString, out key);

        for (var looks = 0; error is null && looks < MaxLooks; looks++)
        {
            if (!await services.Gateway.ReadBarrierAsync(context.RequestAborted))
            {
                error = WriteOutcome.OfBarrier;
                break;
            }

            var record = key.Name is null ? services.Tasks.Find(key.Id) : services.Tasks.FindByName(key.Name);
            error = record is null ? key.NotFound()
                : record.Phase != TaskPhase.Paused ? ChangeRefusal.Of(ResultCode.NotPaused, key) : null;
            if (error is not null)
                break;

            var command = TaskCommands.EncodeResume(TaskResume.Make(record!, services));
            var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
            if (outcome is ProposeOutcome.Applied { Result.Code: ResultCode.Changed })
                continue;
            await ChangeAnswerWriter.AnswerAsync(context, requestId, key, outcome);
            return;
        }

        await Answer.ErrorAsync(context, requestId, error ?? ChangeRefusal.Restless);
    }
}
