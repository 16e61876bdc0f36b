using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>Whether each request that the target saw was allowed when it was sent.</summary>
internal sealed class CallChecks(
    FreeTimes quiet,
    SimulatedTimeouts timeouts,
    History history,
    Action<string> wrong)
{
    public long Early { get; private set; }

    public long Doubled { get; private set; }

    public long AfterDelete { get; private set; }

    public void Check(TaskChronicle task)
    {
        var seen = new HashSet<(long Run, int Attempt)>();
        for (var i = 0; i < task.Calls.Count; i++)
        {
            var call = task.Calls[i];
            if (!seen.Add((call.Run, call.Attempt)))
                wrong($"an attempt was sent twice: {call}");
            if (!task.Grants.TryGetValue((call.Run, call.Attempt), out var grant)
                || grant.By.AtMs > call.StartMs || grant.Run.ClaimedBy != call.Sender)
            {
                wrong($"sent without the log's leave: {call}");
                continue;
            }

            CheckTime(call, grant.Run);
            CheckNotOver(task, call);
            CheckNotDeleted(task, call);
            for (var earlier = 0; earlier < i; earlier++)
                CheckPair(task, task.Calls[earlier], call, grant.By);
        }

        CheckAttempts(task);
    }

    /// <summary>Never early by the clock of who sends, whoever claimed it and by what clock.</summary>
    private void CheckTime(TargetCall call, OpenRun granted)
    {
        if (call.ScheduledMs != granted.ScheduledMs)
            wrong($"sent with another time than it was claimed for, {granted.ScheduledMs}: {call}");
        if (granted.IsByHand || call.StartMs + call.AheadMs >= granted.ScheduledMs + granted.DelayMs)
            return;

        Early++;
        var earlyMs = granted.ScheduledMs + granted.DelayMs - call.StartMs;
        wrong($"early by {earlyMs} ms, clock ahead {call.AheadMs}: {call}");
    }

    private void CheckNotOver(TaskChronicle task, TargetCall call)
    {
        foreach (var happened in task.Log)
        {
            if (happened.Kind == LogKind.Finish && happened.Recorded.Run == call.Run && happened.Recorded.Succeeded
                && happened.AtMs < call.StartMs)
                wrong($"sent after its success was recorded: {call}");
        }
    }

    /// <summary>
    /// What was claimed before a delete may yet begin while its owner does not know better, which ends with the fence's
    /// knowledge; the answer waits for both, so that after it nothing begins but by the difference of two clocks.
    /// </summary>
    private void CheckNotDeleted(TaskChronicle task, TargetCall call)
    {
        if (task.GoneMs >= call.StartMs)
            return;

        var gone = task.Log[^1];
        var run = gone.Before?.Runs?.Find(call.Run);
        if (run is null || run.ClaimedBy.IsNone || run.Attempt != call.Attempt)
            wrong($"sent after the task was gone: {call}");
        var fenceMs = (long)(timeouts.Owner.TotalMilliseconds / 2);
        var slackMs = (fenceMs * 3 / 100) + 50;
        if (call.StartMs > gone.AtMs + fenceMs + slackMs)
            wrong($"sent {call.StartMs - gone.AtMs} ms after the delete, beyond the fence: {call}");
        // The one that this delete was answered to: a create in doubt may have made another task of the name before
        // or after, whose delete says nothing of this one.
        var answer = history.Operations.FirstOrDefault(operation => operation.Call == "deleteTask"
            && operation.Story == task.Story && operation.IsAcknowledged && operation.EndedMs < call.StartMs
            && operation.InvokedMs <= gone.AtMs && gone.AtMs <= operation.EndedMs);
        if (answer is null)
            return;

        AfterDelete++;
        if (!answer.WasRunning)
            wrong($"sent after a delete that was answered with running: false: {call}");
        if (call.StartMs > answer.EndedMs + slackMs)
            wrong($"sent {call.StartMs - answer.EndedMs} ms after a delete was answered: {call}");
    }

    private void CheckPair(TaskChronicle task, TargetCall earlier, TargetCall call, LogEvent grant)
    {
        if (earlier.Run == call.Run && earlier.IsOk && earlier.AnsweredMs <= call.StartMs)
        {
            Doubled++;
            if (quiet.IsFree(earlier.StartMs, call.StartMs) || !history.MayLoseOwners)
                wrong($"sent again after a 2xx although nobody was lost: {call}, before that {earlier}");
            if (earlier.Sender == call.Sender && grant.Before?.Runs?.Find(call.Run)?.ClaimedBy == call.Sender)
                wrong($"sent again by whoever had its 2xx: {call}");
            return;
        }

        if (earlier.Run == call.Run || earlier.AnsweredMs <= call.StartMs
            || !quiet.IsFree(earlier.StartMs, call.StartMs))
            return;
        var definition = TaskChronicle.DefinitionOf(grant.After!);
        if (definition.Overlap != Overlap.Allow && task.FirstDefinition.Overlap != Overlap.Allow)
            wrong($"two runs at once: {call} beside {earlier}");
    }

    /// <summary>No more failed attempts than allowed, and none before its wait is over.</summary>
    private void CheckAttempts(TaskChronicle task)
    {
        var failures = new Dictionary<long, int>();
        foreach (var happened in task.Log)
        {
            if (happened.Kind != LogKind.Finish || happened.Recorded.Succeeded)
                continue;
            var run = happened.Recorded.Run;
            var count = failures[run] = failures.GetValueOrDefault(run) + 1;
            var definition = TaskChronicle.DefinitionOf(happened.Before!);
            if (count > definition.MaxAttempts)
                wrong($"run {run} of {task.Id} failed {count} times; max_attempts is {definition.MaxAttempts}");
        }
    }
}
