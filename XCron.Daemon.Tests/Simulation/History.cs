using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// All that happened, in true time: what the log says, what the target saw, what clients were told, and which faults
/// there were. Times are unix milliseconds of the true wall clock. The checker reads nothing else.
/// </summary>
internal sealed class History(VirtualTime time)
{
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public List<LogEvent> Log { get; } = [];

    public List<TargetCall> Calls { get; } = [];

    public List<ClientOperation> Operations { get; } = [];

    public List<Trouble> Troubles { get; } = [];

    public long StartMs { get; } = time.GetUtcNow().ToUnixTimeMilliseconds();

    public bool HadClockFaults { get; set; }

    /// <summary>Whether the faults drawn are such that a process may die or lose its shards while it is busy.</summary>
    public bool MayLoseOwners { get; set; } = true;

    /// <summary>When the run was over and everything had come to rest.</summary>
    public long EndMs { get; set; }

    public IEnumerable<string> Lines() => Log.Select(static happened => (happened.AtMs, Text: happened.ToString()))
        .Concat(Calls.Select(static call => (AtMs: call.StartMs, Text: call.ToString())))
        .Concat(Operations.Select(static operation => (AtMs: operation.InvokedMs, Text: operation.ToString())))
        .Concat(Troubles.Select(static trouble => (AtMs: trouble.FromMs, Text: trouble.ToString())))
        .OrderBy(static line => line.AtMs)
        .Select(static line => $"{DateTimeOffset.FromUnixTimeMilliseconds(line.AtMs):MM-dd HH:mm:ss.fff} {line.Text}");
}

/// <summary>A command's effect on one task, when it was first applied anywhere.</summary>
internal sealed record LogEvent(long AtMs, LogKind Kind, TaskId Task, TaskRecord? Before, TaskRecord? After)
{
    /// <summary>Who claimed or finished.</summary>
    public OwnerSession Session { get; init; }

    /// <summary>Of a result that was recorded.</summary>
    public (long Run, int Attempt, bool Succeeded) Recorded { get; init; }

    /// <summary>The attempts that it opened.</summary>
    public IEnumerable<OpenRun> Granted()
    {
        if (After?.Runs is not { } runs)
            yield break;
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs.AsSpan()[i];
            if (!run.ClaimedBy.IsNone && Before?.Runs?.Find(run.Sequence)?.Attempt != run.Attempt)
                yield return run;
        }
    }

    public override string ToString() =>
        $"log {Kind} {Task} by {Session.Node.Value}/{Session.Incarnation % 1000}"
        + (After is { } now ? $" rev {now.Revision} {now.Phase} due {now.NextDueMs} queued {now.QueuedDueMs}" : " gone")
        + string.Concat(Granted().Select(static run => $" grants {run.Sequence}.{run.Attempt} for {run.ScheduledMs}"
            + $"+{run.DelayMs}{(run.IsByHand ? " by hand" : "")}"))
        + (Kind == LogKind.Finish
            ? $" records {Recorded.Run}.{Recorded.Attempt} {(Recorded.Succeeded ? "ok" : "not ok")}" : "");
}

internal enum LogKind
{
    Create,
    Delete,
    Claim,
    Finish,
    Pause,
    Resume,
    Run,
    Update,
    Sweep,
}

/// <summary>A request as the target saw it.</summary>
internal sealed record TargetCall
{
    public required long StartMs { get; init; }

    public required OwnerSession Sender { get; init; }

    /// <summary>By how much the sender's wall clock was ahead of the truth then; negative: behind.</summary>
    public required long AheadMs { get; init; }

    /// <summary>The number in the path: which task of the workload.</summary>
    public required int Story { get; init; }

    public required TaskId Task { get; init; }

    public required long Run { get; init; }

    public required int Attempt { get; init; }

    public required long ScheduledMs { get; init; }

    /// <summary>When the target answered; 0 where it did not.</summary>
    public long AnsweredMs { get; set; }

    /// <summary>0 where there was no answer.</summary>
    public int Status { get; set; }

    public bool IsOk => Status is >= 200 and < 300;

    public override string ToString() =>
        $"call {Task} run {Run}.{Attempt} for {ScheduledMs} (+{StartMs - ScheduledMs}) from {Sender.Node.Value}/"
        + $"{Sender.Incarnation % 1000}, story {Story}: {Status}"
        + (AnsweredMs == 0 ? "" : $" after {AnsweredMs - StartMs}");
}

/// <summary>A request of a client, and what became of it.</summary>
internal sealed record ClientOperation
{
    public required long InvokedMs { get; init; }

    public required string Call { get; init; }

    /// <summary>The call that carried it, where that carried others too: createTasks or import.</summary>
    public string? Via { get; init; }

    public required int Story { get; init; }

    public required NodeId Node { get; init; }

    /// <summary>The wall clock of the node that was asked.</summary>
    public required long NodeWallMs { get; init; }

    public required string Body { get; init; }

    public long EndedMs { get; set; }

    /// <summary>The answer's code; null where none came.</summary>
    public int? Code { get; set; }

    public string Text { get; set; } = "";

    /// <summary>Of a create.</summary>
    public TaskId TaskId { get; set; }

    /// <summary>Of a delete: a callback was on its way.</summary>
    public bool WasRunning { get; set; }

    public bool IsAcknowledged => Code == 0;

    /// <summary>It may have been applied, or may yet be.</summary>
    public bool IsInDoubt => Code is null || (Code == 1050 && !Text.Contains("nothing was written"));

    public override string ToString() => $"{Via ?? Call} of {Story} on {Node.Value}: "
        + (Code is null ? "no answer" : $"{Code} after {EndedMs - InvokedMs}, {Text}");
}

/// <summary>A fault and how long it lasted.</summary>
internal sealed record Trouble(string Kind, NodeId Node, long FromMs, long ToMs)
{
    public override string ToString() => $"fault {Kind} of {Node.Value} for {ToMs - FromMs}";
}
