namespace XCron.Daemon.Api;

/// <summary>GET /xcron/queryTask.</summary>
internal sealed class QueryTaskEndpoint(ApiServices services) : IApiEndpoint
{
    private const int TaskId = 0;
    private const int Name = 1;
    private const int Consistency = 2;

    public static readonly FieldTable Parameters = new(
        "",
        [
            new("task_id", FieldType.Text, TaskKey.ExpectedId) { Doc = "This or name." },
            new("name", FieldType.Text, CreateFields.Task.Expected(CreateFields.Name)) { Doc = "This or task_id." },
            ReadConsistency.Parameter,
        ]);

    private readonly TaskAnswer _answer = new(services);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskKey key = default;
        var error = QueryParameters.Read(context.Request.QueryString, Parameters, out var values)
            ?? TaskKey.Read(values[TaskId], values[Name], out key)
            ?? await ReadConsistency.AwaitAsync(services, values[Consistency], context.RequestAborted);
        if (error is not null)
        {
            await Answer.ErrorAsync(context, requestId, error);
            return;
        }

        var record = key.Name is null ? services.Tasks.Find(key.Id) : services.Tasks.FindByName(key.Name);
        await (record is null
            ? Answer.ErrorAsync(context, requestId, key.NotFound())
            : Answer.DataAsync(context, requestId, record, _answer.Write));
    }
}
