using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/runTask: one more run, at once.</summary>
internal sealed class RunTaskEndpoint(ApiServices services) : IApiEndpoint
{
    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskKey key;
        long scheduledMs;
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
            error = TaskKeyBody.ReadTimed(body, context.Request.QueryString, out key, out scheduledMs);

        var nowMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (error is null && scheduledMs > nowMs)
        {
            error = ApiError.BadRequest(
                $"scheduled_time is {UnixTime.Format(scheduledMs)}; must not be later than now, " +
                UnixTime.Format(nowMs));
        }

        if (error is not null)
        {
            await Answer.ErrorAsync(context, requestId, error);
            return;
        }

        var command = TaskCommands.EncodeRun(key.Id, key.Name, nowMs, scheduledMs == 0 ? nowMs : scheduledMs);
        var outcome = await services.Gateway.SubmitAsync(command, context.RequestAborted);
        await ChangeAnswerWriter.AnswerAsync(context, requestId, key, outcome);
    }
}
