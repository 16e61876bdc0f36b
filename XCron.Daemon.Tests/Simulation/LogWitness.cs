using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>Enters in the history what each command made of tasks, when the first node applies it.</summary>
internal sealed class LogWitness(History history)
{
    private LogIndex _seen;

    /// <summary>The command before it is applied; null where a node has applied it already.</summary>
    public Look? Before(LogEntry entry, SchedulerState state)
    {
        if (entry.Index <= _seen)
            return null;

        _seen = entry.Index;
        var command = TaskCommand.Parser.ParseFrom(entry.Payload.Span);
        var look = new Look(command);
        foreach (var id in TouchedBy(command, state))
            look.Touched.Add((id, state.Find(id)));
        return look;
    }

    public void After(Look look, ApplyResult result, SchedulerState state)
    {
        var command = look.Command;
        if (command.KindCase == TaskCommand.KindOneofCase.Assign)
            return;

        for (var i = 0; i < look.Touched.Count; i++)
        {
            var (id, before) = look.Touched[i];
            var after = state.Find(id);
            if (ReferenceEquals(before, after))
                continue;

            var happened = new LogEvent(history.NowMs, KindOf(command, after), id, before, after)
            {
                Session = SessionOf(command),
            };
            if (command.KindCase == TaskCommand.KindOneofCase.Finish)
            {
                var attempt = command.Finish.Attempts[i];
                var run = before?.Runs?.Find(attempt.RunSequence);
                if (run?.Attempt != attempt.Attempt || run.ClaimedBy != SessionOf(command))
                    continue; // stale, and another result of the same command changed the task
                var succeeded = attempt.Outcome == AttemptOutcome.Succeeded;
                happened = happened with { Recorded = (attempt.RunSequence, attempt.Attempt, succeeded) };
            }

            history.Log.Add(happened);
        }
    }

    private static LogKind KindOf(TaskCommand command, TaskRecord? after) => command.KindCase switch
    {
        TaskCommand.KindOneofCase.Create or TaskCommand.KindOneofCase.Import => LogKind.Create,
        TaskCommand.KindOneofCase.Delete => LogKind.Delete,
        TaskCommand.KindOneofCase.Claim => after is null ? LogKind.Sweep : LogKind.Claim,
        TaskCommand.KindOneofCase.Finish => LogKind.Finish,
        TaskCommand.KindOneofCase.Pause => LogKind.Pause,
        TaskCommand.KindOneofCase.Resume => LogKind.Resume,
        TaskCommand.KindOneofCase.Run => LogKind.Run,
        TaskCommand.KindOneofCase.Update => LogKind.Update,
        var other => throw new NotSupportedException($"The simulation knows no {other}."),
    };

    private static OwnerSession SessionOf(TaskCommand command) => command.KindCase switch
    {
        TaskCommand.KindOneofCase.Claim => SessionMessage.Read(command.Claim.Session),
        TaskCommand.KindOneofCase.Finish => SessionMessage.Read(command.Finish.Session),
        _ => OwnerSession.None,
    };

    private static IEnumerable<TaskId> TouchedBy(TaskCommand command, SchedulerState state)
    {
        TaskId ByName(long id, string name) => id != 0 ? new TaskId(id) : state.FindByName(name)?.Id ?? default;

        return command.KindCase switch
        {
            TaskCommand.KindOneofCase.Create => command.Create.Tasks.Select(static task => new TaskId(task.TaskId)),
            TaskCommand.KindOneofCase.Import => command.Import.Tasks.Select(static task => new TaskId(task.TaskId)),
            TaskCommand.KindOneofCase.Delete => [ByName(command.Delete.TaskId, command.Delete.Name)],
            TaskCommand.KindOneofCase.Claim => command.Claim.Claims.Select(static claim => new TaskId(claim.TaskId)),
            TaskCommand.KindOneofCase.Finish =>
                command.Finish.Attempts.Select(static attempt => new TaskId(attempt.TaskId)),
            TaskCommand.KindOneofCase.Pause => [ByName(command.Pause.TaskId, command.Pause.Name)],
            TaskCommand.KindOneofCase.Resume => [new TaskId(command.Resume.TaskId)],
            TaskCommand.KindOneofCase.Run => [ByName(command.Run.TaskId, command.Run.Name)],
            TaskCommand.KindOneofCase.Update => [new TaskId(command.Update.TaskId)],
            _ => [],
        };
    }

    internal sealed record Look(TaskCommand Command)
    {
        public List<(TaskId Id, TaskRecord? Before)> Touched { get; } = [];
    }
}
