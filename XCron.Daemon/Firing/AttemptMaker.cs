using System.Diagnostics;
using Google.Protobuf;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Firing;

/// <summary>
/// Makes one attempt: the last look, the call, and the result on its way to be recorded. Thread-safe.
/// </summary>
internal sealed class AttemptMaker(
    ITaskReader tasks,
    OwnershipFence fence,
    AttemptInbox inbox,
    CallbackSender sender,
    RetryPolicy retries,
    ResultBatcher results,
    TraceParents traceParents,
    FiringOptions options,
    TimeProvider time,
    IFiringMetrics metrics)
{
    private static readonly ActivitySource Source = new("XCron.Firing");

    /// <returns>False if it could not be made now and must be looked at again.</returns>
    /// <exception cref="OperationCanceledException">This node is stopping.</exception>
    public async Task<bool> MakeAsync(AttemptTicket ticket, CancellationToken stopping)
    {
        if (!await fence.RefreshAsync(ticket, stopping))
            return false;
        switch (fence.Look(ticket, out var record))
        {
            case FenceVerdict.Clear:
                return await CallAsync(record!, stopping);
            case FenceVerdict.Gone:
                inbox.Forget(ticket.Task.Value, ticket.RunSequence, ticket.Attempt);
                return true;
            case FenceVerdict.NotOwned or FenceVerdict.Unsure:
                return false;
            case var verdict:
                throw new UnreachableException($"verdict {verdict}");
        }
    }

    private async Task<bool> CallAsync(TaskRecord record, CancellationToken stopping)
    {
        var run = record.Run!;
        var startMs = time.GetUtcNow().ToUnixTimeMilliseconds();

        // Claimed by a clock that was ahead of what this node's shows now.
        if (startMs < run.NotBeforeMs)
            return false;
        var started = time.GetTimestamp();
        var (definition, damage) = Decode(record);
        if (IsPastDeadline(run, definition, startMs))
        {
            await results.AddAsync(Skipped(record, startMs), stopping);
            return true;
        }

        if (run.Attempt == 1)
            metrics.Lateness((startMs - run.ScheduledMs - run.DelayMs) / 1000.0);

        // Whatever activity the loops were started under is no parent of an attempt's.
        Activity.Current = null;
        using var activity = Source.StartActivity("callback", ActivityKind.Client);
        activity?.SetTag("xcron.run_id", RunId.Format(record.Id, run.Sequence));
        var answer = damage
            ?? await sender.SendAsync(record, definition, traceParents.Next(activity), stopping);
        if (answer.IsCutOff)
            throw new OperationCanceledException(stopping);

        activity?.SetStatus(answer.IsOk ? ActivityStatusCode.Ok : ActivityStatusCode.Error, answer.Error);
        metrics.AttemptFinished(answer.IsOk, time.GetElapsedTime(started).TotalSeconds);
        await results.AddAsync(Result(record, definition, answer, startMs), stopping);
        return true;
    }

    private FinishAttempt Result(TaskRecord record, TaskDefinition definition, CallbackAnswer answer, long startMs)
    {
        var run = record.Run!;
        var endMs = time.GetUtcNow().ToUnixTimeMilliseconds();

        // The next due time may have come meanwhile; then there is no retry.
        var latest = tasks.Find(record.Id)?.Facing(run.Sequence);
        if (latest?.Run is null || latest.Run.Attempt != run.Attempt)
            latest = record;
        var isOver = answer.IsOk || answer.IsFinal || NextDue.HasComeSince(latest, latest.Run!);
        var retryAtMs = isOver ? 0 : retries.RetryAtMs(definition, latest, answer, endMs);
        return new FinishAttempt
        {
            TaskId = record.Id.Value,
            RunSequence = run.Sequence,
            Attempt = run.Attempt,
            Outcome = answer.IsOk ? AttemptOutcome.Succeeded : AttemptOutcome.Failed,
            HttpStatus = answer.HttpStatus,
            Error = answer.Error,
            StartMs = startMs,
            EndMs = endMs,
            RetryAtMs = retryAtMs,
            Pause = answer.IsGone && definition.Type == TaskType.Periodic,
            KeepDue = answer.IsGone && definition.Type == TaskType.Periodic,
            ExpireAtMs = retryAtMs == 0 ? endMs + (long)options.CompletedRetention.TotalMilliseconds : 0,
        };
    }

    /// <summary>
    /// It was claimed in time and then waited too long for a place. A later attempt is of a run that may have begun.
    /// </summary>
    private static bool IsPastDeadline(OpenRun run, TaskDefinition definition, long nowMs) =>
        definition.DeadlineMs != 0 && run.Attempt == 1
        && nowMs - run.ScheduledMs - run.DelayMs > definition.DeadlineMs;

    private FinishAttempt Skipped(TaskRecord record, long nowMs)
    {
        var run = record.Run!;
        var latest = tasks.Find(record.Id) ?? record;
        var terms = DefinitionPeek.Terms(latest.Definition);
        var schedule = terms.Type == TaskType.Periodic ? new ScheduleCache().Find(terms, run.ScheduledMs) : null;
        var (nextMs, delayMs) = DuePlanner.Replacement(latest, run, terms, schedule);
        return new FinishAttempt
        {
            TaskId = record.Id.Value,
            RunSequence = run.Sequence,
            Attempt = run.Attempt,
            Outcome = AttemptOutcome.Skipped,
            EndMs = nowMs,
            NextDueMs = nextMs,
            NextDelayMs = delayMs,
            ExpireAtMs = nowMs + (long)options.CompletedRetention.TotalMilliseconds,
        };
    }

    private static (TaskDefinition Definition, CallbackAnswer? Damage) Decode(TaskRecord record)
    {
        try
        {
            return (TaskDefinition.Parser.ParseFrom(record.Definition), null);
        }
        catch (InvalidProtocolBufferException exception)
        {
            var error = $"the task's definition cannot be read: {exception.Message}";
            return (new TaskDefinition(), new CallbackAnswer { IsOk = false, IsFinal = true, Error = error });
        }
    }
}
