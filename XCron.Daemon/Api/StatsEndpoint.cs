using System.Text.Json;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/stats: counts in one small answer, from this node's own state.</summary>
internal sealed class StatsEndpoint(ApiServices services) : IApiEndpoint
{
    private readonly long _startedAt = services.Time.GetTimestamp();

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = QueryParameters.Read(context.Request.QueryString, FieldTable.Empty, out _);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, services.Tasks.Counters, Write));
    }

    private static void WriteTasks(Utf8JsonWriter json, StateCounters counters)
    {
        json.WriteStartObject("tasks"u8);
        json.WriteNumber("scheduled"u8, counters.Scheduled);
        json.WriteNumber("running"u8, counters.Running);
        json.WriteNumber("paused"u8, counters.Paused);
        json.WriteNumber("completed"u8, counters.Completed);
        json.WriteNumber("failed"u8, counters.Failed);
        json.WriteNumber("expired"u8, counters.Expired);
        json.WriteNumber("created"u8, counters.Created);
        json.WriteNumber("deleted"u8, counters.Deleted);
        json.WriteEndObject();
    }

    private static void WriteRuns(Utf8JsonWriter json, StateCounters counters)
    {
        json.WriteStartObject("runs"u8);
        json.WriteNumber("ok"u8, counters.RunsOk);
        json.WriteNumber("failed"u8, counters.RunsFailed);
        json.WriteNumber("skipped"u8, counters.RunsSkipped);
        json.WriteNumber("retries"u8, counters.Retries);
        json.WriteNumber("reclaims"u8, counters.Reclaims);
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, StateCounters counters)
    {
        var cluster = services.Cluster.Read();
        json.WriteStartObject();
        WriteTasks(json, counters);
        WriteRuns(json, counters);
        json.WriteString("node"u8, services.Cluster.HostOf(cluster.Self) ?? cluster.Self.ToString());
        json.WriteString("leader"u8, ClusterEndpoint.LeaderName(cluster));
        json.WriteNumber("term"u8, cluster.Term);
        json.WriteNumber("members"u8, cluster.Members.Count);
        json.WriteNumber("uptime"u8, (long)services.Time.GetElapsedTime(_startedAt).TotalSeconds);
        json.WriteString("version"u8, services.Version);
        json.WriteEndObject();
    }
}
