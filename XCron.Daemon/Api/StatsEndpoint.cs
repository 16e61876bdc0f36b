using System.Text.Json;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/stats: counts and rates in one small answer.</summary>
internal sealed class StatsEndpoint(ApiServices services) : IApiEndpoint
{
    private const int Consistency = 0;

    public static readonly FieldTable Parameters = new("", [ReadConsistency.Parameter]);

    private readonly long _startedAt = services.Time.GetTimestamp();

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = QueryParameters.Read(context.Request.QueryString, Parameters, out var values)
            ?? await ReadConsistency.AwaitAsync(services, values[Consistency], context.RequestAborted);
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

    /// <summary>Each a second, over the last minute or so far as it is known.</summary>
    private static void WriteRates(Utf8JsonWriter json, RateFigures? rates)
    {
        if (rates is null)
        {
            json.WriteNull("rates"u8);
            return;
        }

        json.WriteStartObject("rates"u8);
        WriteRate(json, "seconds", rates.Seconds);
        WriteRate(json, "created", rates.Created);
        WriteRate(json, "deleted", rates.Deleted);
        WriteRate(json, "ok", rates.RunsOk);
        WriteRate(json, "failed", rates.RunsFailed);
        WriteRate(json, "skipped", rates.RunsSkipped);
        WriteRate(json, "retries", rates.Retries);
        json.WriteEndObject();
    }

    private static void WriteRate(Utf8JsonWriter json, string name, double value) =>
        json.WriteNumber(name, Math.Round(value, 3));

    private void Write(Utf8JsonWriter json, StateCounters counters)
    {
        var cluster = services.Cluster.Read();
        json.WriteStartObject();
        WriteTasks(json, counters);
        WriteRuns(json, counters);
        WriteRates(json, services.Rates());
        json.WriteString("node"u8, services.Cluster.HostOf(cluster.Self) ?? cluster.Self.ToString());
        json.WriteString("leader"u8, ClusterEndpoint.LeaderName(cluster));
        json.WriteNumber("term"u8, cluster.Term);
        json.WriteNumber("members"u8, cluster.Members.Count);
        json.WriteNumber("uptime"u8, (long)services.Time.GetElapsedTime(_startedAt).TotalSeconds);
        json.WriteString("version"u8, services.Version);
        json.WriteEndObject();
    }
}
