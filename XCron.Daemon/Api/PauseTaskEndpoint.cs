using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/pauseTask.</summary>
internal sealed class PauseTaskEndpoint(ApiServices services) : IApiEndpoint
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

        var command = TaskCommands.EncodePause(key.Id, key.Name);
        var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
        await ChangeAnswerWriter.AnswerAsync(context, requestId, key, outcome);
    }
}
