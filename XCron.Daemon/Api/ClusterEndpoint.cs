using System.Text.Json;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/cluster: the cluster as this node sees it.</summary>
internal sealed class ClusterEndpoint(ApiServices services) : IApiEndpoint
{
    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = QueryParameters.Read(context.Request.QueryString, FieldTable.Empty, out _);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, services.Cluster.Read(), Write));
    }

    /// <summary>A leader's address, its id where the address is not known, or null for none.</summary>
    public static string? LeaderName(ClusterFigures cluster)
    {
        if (cluster.Leader == NodeId.None)
            return null;
        foreach (var member in cluster.Members)
        {
            if (member.Id == cluster.Leader)
                return member.Host;
        }

        return cluster.Leader.ToString();
    }

    private static void Write(Utf8JsonWriter json, ClusterFigures cluster)
    {
        json.WriteStartObject();
        json.WriteString("leader"u8, LeaderName(cluster));
        json.WriteNumber("term"u8, cluster.Term);
        json.WriteString("self"u8, cluster.Self.ToString());
        json.WriteStartArray("members"u8);
        foreach (var member in cluster.Members)
            WriteMember(json, member);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter json, MemberFigures member)
    {
        json.WriteStartObject();
        json.WriteString("host"u8, member.Host);
        json.WriteString("http_host"u8, member.HttpHost);
        json.WriteString("id"u8, member.Id.ToString());
        json.WriteString("role"u8, member.Role);
        json.WriteBoolean("voter"u8, member.IsVoter);
        WriteNumber(json, "term", member.Term);
        WriteNumber(json, "commit_index", member.CommitIndex);
        WriteNumber(json, "applied_index", member.AppliedIndex);
        WriteNumber(json, "lag", member.Lag);
        json.WriteNumber("shards"u8, member.Shards);
        json.WriteBoolean("up"u8, member.IsUp);
        json.WriteTime("since", member.SinceMs ?? 0);
        json.WriteString("version"u8, member.Version);
        WriteSeconds(json, "clock_offset", member.ClockOffset);
        WriteSeconds(json, "clock_offset_error", member.ClockOffsetError);
        WriteMachine(json, member.Machine);
        json.WriteEndObject();
    }

    private static void WriteMachine(Utf8JsonWriter json, MachineLoad? machine)
    {
        if (machine is null)
        {
            json.WriteNull("machine"u8);
            return;
        }

        json.WriteStartObject("machine"u8);
        json.WriteNumber("cpu"u8, machine.CpuShare);
        json.WriteNumber("memory_total"u8, machine.MemoryTotalBytes);
        json.WriteNumber("memory_available"u8, machine.MemoryAvailableBytes);
        json.WriteNumber("disk_total"u8, machine.DiskTotalBytes);
        json.WriteNumber("disk_free"u8, machine.DiskFreeBytes);
        json.WriteNumber("load"u8, machine.Load);
        json.WriteNumber("process_memory"u8, machine.ProcessResidentBytes);
        json.WriteEndObject();
    }

    private static void WriteSeconds(Utf8JsonWriter json, string name, TimeSpan? value)
    {
        if (value is { } span)
            json.WriteNumber(name, decimal.Round((decimal)span.Ticks / TimeSpan.TicksPerSecond, 4));
        else
            json.WriteNull(name);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
