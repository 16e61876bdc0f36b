using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/queryTask.</summary>
internal sealed class QueryTaskEndpoint(ApiServices services) : IApiEndpoint
{
    private static readonly string[] Names = ["task_id", "name", "consistency"];

    private readonly TaskAnswer _answer = new(services);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = Read(context.Request.QueryString, out var key, out var isStale);
        if (error is null && !isStale && !await services.Gateway.ReadBarrierAsync(context.RequestAborted))
            error = WriteOutcome.OfBarrier;
        TaskRecord? record = null;
        if (error is null)
        {
            record = key.Name is null ? services.Tasks.Find(key.Id) : services.Tasks.FindByName(key.Name);
            error = record is null ? key.NotFound() : null;
        }

        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, record!, _answer.Write));
    }

    /// <summary>Which task a query means, and whether this node's own state will do; what is wrong, or null.</summary>
    public static ApiError? Read(QueryString query, out TaskKey key, out bool isStale)
    {
        key = default;
        isStale = false;
        if (QueryParameters.Read(query, Names, out var values) is { } error)
            return error;
        isStale = values[2] == "stale";
        return isStale || values[2] is null or "linearizable"
            ? TaskKey.Read(values[0], values[1], out key)
            : ApiError.BadRequest("consistency must be \"linearizable\" (the default) or \"stale\"");
    }
}
