using System.Diagnostics;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>A run as the contract shows it.</summary>
internal sealed class RunAnswer(ApiServices services)
{
    public void Write(Utf8JsonWriter json, TaskId task, FinishedRun run)
    {
        json.WriteStartObject();

        // Due times that were passed over had no run, and so have no id.
        json.WriteString("run_id"u8, run.Sequence == 0 ? null : RunId.Format(task, run.Sequence));
        json.WriteTime("scheduled_time", run.ScheduledMs);
        json.WriteTime("start_time", run.StartMs);
        json.WriteTime("end_time", run.EndMs);
        json.WriteNumber("attempt"u8, run.Attempt);
        json.WriteString("status"u8, StatusName(run.Status));
        WriteOutcome(json, run.HttpStatus, run.Error);
        json.WriteString("node"u8, NameOf(new NodeId(run.NodeId)));
        json.WriteEndObject();
    }

    /// <summary>A run that is going on, with the outcome of its last failed attempt where there was one.</summary>
    public void Write(Utf8JsonWriter json, TaskId task, OpenRun run)
    {
        var last = run.LastAttempt;
        var isWaiting = run.ClaimedBy.IsNone;
        json.WriteStartObject();
        json.WriteString("run_id"u8, RunId.Format(task, run.Sequence));
        json.WriteTime("scheduled_time", run.ScheduledMs);
        json.WriteTime("start_time", isWaiting && last is not null ? last.StartMs : run.ClaimedMs);
        json.WriteTime("end_time", 0);
        json.WriteNumber("attempt"u8, run.Attempt);
        json.WriteString("status"u8, "running"u8);
        WriteOutcome(json, last?.HttpStatus ?? 0, last?.Error ?? "");
        json.WriteString("node"u8, NameOf(isWaiting ? new NodeId(last?.NodeId ?? 0) : run.ClaimedBy.Node));
        json.WriteEndObject();
    }

    /// <summary>A node's address, its id where that is not known, or null for none.</summary>
    public string? NameOf(NodeId node) =>
        node == NodeId.None ? null : services.Cluster.HostOf(node) ?? node.ToString();

    private static void WriteOutcome(Utf8JsonWriter json, int httpStatus, string error)
    {
        if (httpStatus == 0)
            json.WriteNull("http_status"u8);
        else
            json.WriteNumber("http_status"u8, httpStatus);
        json.WriteString("error"u8, error.Length == 0 ? null : error);
    }

    private static string StatusName(RunStatus status) => status switch
    {
        RunStatus.Ok => "ok",
        RunStatus.Failed => "failed",
        RunStatus.Skipped => "skipped",
        _ => throw new UnreachableException($"No status: {status}."),
    };
}
