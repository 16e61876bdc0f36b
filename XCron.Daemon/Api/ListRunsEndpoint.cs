using System.Text.Json;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/listRuns: a task's runs that are going on, then the last finished ones, newest first.</summary>
internal sealed class ListRunsEndpoint(ApiServices services) : IApiEndpoint
{
    private readonly RunAnswer _answer = new(services);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var (record, error) = await TaskQuery.FindAsync(services, context.Request, context.RequestAborted);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, record!, Write));
    }

    private void Write(Utf8JsonWriter json, TaskRecord record)
    {
        json.WriteStartObject();
        json.WriteStartArray("runs"u8);
        OpenRun[] open = record.Runs is null ? [] : record.Runs.AsSpan().ToArray();
        foreach (var run in open.OrderByDescending(static run => run.Sequence))
            _answer.Write(json, record.Id, run);
        foreach (var run in record.History?.ToList() ?? [])
            _answer.Write(json, record.Id, run);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
