namespace XCron.Daemon.Api;

/// <summary>GET /xcron/queryTask.</summary>
internal sealed class QueryTaskEndpoint(ApiServices services) : IApiEndpoint
{
    private readonly TaskAnswer _answer = new(services);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var (record, error) = await TaskQuery.FindAsync(services, context.Request, context.RequestAborted);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, record!, _answer.Write));
    }
}
