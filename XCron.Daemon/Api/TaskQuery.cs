using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>Reads a query that says which task is meant, and finds it.</summary>
internal static class TaskQuery
{
    private const int TaskId = 0;
    private const int Name = 1;
    private const int Consistency = 2;

    public static readonly FieldTable Parameters = new("", [.. TaskKey.Fields, ReadConsistency.Parameter]);

    /// <summary>The task, or else why it is not shown.</summary>
    public static async ValueTask<(TaskRecord? Record, ApiError? Error)> FindAsync(
        ApiServices services, HttpRequest request, CancellationToken cancellationToken)
    {
        TaskKey key = default;
        var error = QueryParameters.Read(request.QueryString, Parameters, out var values)
            ?? TaskKey.Read(values[TaskId], values[Name], out key)
            ?? await ReadConsistency.AwaitAsync(services, values[Consistency], cancellationToken);
        if (error is not null)
            return (null, error);
        var record = key.Name is null ? services.Tasks.Find(key.Id) : services.Tasks.FindByName(key.Name);
        return (record, record is null ? key.NotFound() : null);
    }
}
