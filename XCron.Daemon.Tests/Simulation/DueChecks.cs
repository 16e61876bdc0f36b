using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Whether every due time got its run. One that the cluster was able to serve, for long enough and before its rule
/// passes it over, must have one; none has two; and no run is for a time that was never due.
/// </summary>
internal sealed class DueChecks(
    FreeTimes quiet, SimulatedTimeouts timeouts, ExpectedTimes expected, History history, Action<string> wrong)
{
    /// <summary>In quiet times a run begins so soon after it is due.</summary>
    private const long PromptMs = 5000;

    private readonly bool _hadClockFaults = history.HadClockFaults;

    public long Due { get; private set; }

    public long Lost { get; private set; }

    public List<long> Lateness { get; } = [];

    public void Check(TaskChronicle task)
    {
        var eras = Eras(task);
        var runs = task.Grants.Values.Where(static grant => grant.Run is { Attempt: 1, IsByHand: false })
            .OrderBy(static grant => grant.Run.Sequence).ToArray();
        var served = new HashSet<long>();
        foreach (var (_, run) in runs)
        {
            if (!served.Add(run.ScheduledMs) && !(_hadClockFaults && eras.Count > 1))
                wrong($"two runs of {task.Id} (story {task.Story}) for {run.ScheduledMs}");
            if (!eras.Exists(era => era.IsDueAt(run.ScheduledMs)))
                wrong($"a run of {task.Id} (story {task.Story}) for {run.ScheduledMs}, which is no due time of its");
        }

        var free = TimesOf(task);
        foreach (var era in eras)
        {
            CheckFirst(task, era);
            var counted = Counted(task, runs).Count();
            if (era.Definition.MaxRuns > 0 && eras.Count == 1 && counted > era.Definition.MaxRuns)
                wrong($"{counted} runs of {task.Id} (story {task.Story}); max_runs {era.Definition.MaxRuns}");
            for (var i = 0; i < era.Dues.Count && era.Dues[i] < era.ToMs; i++)
                CheckDue(task, era, i, served, free);
            CheckEnd(task, era, Counted(task, runs));
        }

        CheckOpen(task);
    }

    /// <summary>Without those that were given up at their deadline before they began.</summary>
    private static IEnumerable<(LogEvent By, OpenRun Run)> Counted(
        TaskChronicle task, IEnumerable<(LogEvent By, OpenRun Run)> runs)
    {
        var skipped = task.Log
            .Where(static happened => happened.Kind == LogKind.Finish
                && happened.After?.LastRun is { Status: RunStatus.Skipped } last
                && last.Sequence == happened.Recorded.Run)
            .Select(static happened => happened.Recorded.Run).ToHashSet();
        return runs.Where(run => !skipped.Contains(run.Run.Sequence));
    }

    private void CheckDue(TaskChronicle task, Era era, int place, HashSet<long> served, Times free)
    {
        var dueMs = era.Dues[place];
        var definition = era.Definition;
        if (dueMs < era.FirstDueMs || dueMs > history.EndMs)
            return;

        Due++;
        var fromMs = Math.Max(dueMs + definition.JitterMs, era.FromMs);
        var untilMs = Math.Min(era.ToMs, history.EndMs);
        if (definition.DeadlineMs != 0)
            untilMs = Math.Min(untilMs, dueMs + definition.DeadlineMs);
        if (definition is { Type: TaskType.Periodic, Misfire: not Misfire.FireAll } && place + 1 < era.Dues.Count)
            untilMs = Math.Min(untilMs, era.Dues[place + 1]);
        if (definition is { Type: TaskType.Periodic, Misfire: Misfire.Skip })
            untilMs = Math.Min(untilMs, dueMs + (long)timeouts.MisfireThreshold.TotalMilliseconds);
        if (definition is { Type: TaskType.Periodic, Overlap: Overlap.Skip })
            untilMs = Math.Min(untilMs, fromMs + RoomMs(definition));
        var isPassedOver = definition.Misfire == Misfire.Skip && !free.Calm.IsFree(dueMs, fromMs);

        // Jitter says when in this time it is looked at; a run that goes on then passes it over.
        isPassedOver |= definition is { Type: TaskType.Periodic, Overlap: Overlap.Skip }
            && !free.Free.IsFree(dueMs, fromMs);
        isPassedOver |= IsPassedOverAsOneWaits(task, dueMs);
        var mustRun = !isPassedOver && free.Free.HasRoom(fromMs, untilMs, RoomMs(definition));
        if (mustRun && !served.Contains(dueMs))
        {
            Lost++;
            wrong($"no run of {task.Id} (story {task.Story}, {definition.Format} {definition.Timezone}, "
                + $"{definition.Misfire}, {definition.Overlap}) for {dueMs}");
        }

        if (free.Calm.IsFree(dueMs, dueMs + definition.JitterMs + PromptMs) && free.Free.IsFree(dueMs - 1, dueMs - 1)
            && served.Contains(dueMs)
            && dueMs >= era.FromMs && dueMs + definition.JitterMs + PromptMs < untilMs)
            CheckPrompt(task, dueMs);
    }

    /// <summary>overlap = queue: the owner moved on from it while another waited for the open run to end.</summary>
    private static bool IsPassedOverAsOneWaits(TaskChronicle task, long dueMs) => task.Log.Exists(happened =>
        happened is { Kind: LogKind.Claim, Before: { QueuedDueMs: not 0, Runs: not null } before, After: { } after }
        && after.QueuedDueMs == before.QueuedDueMs && before.NextDueMs <= dueMs && before.NextDueMs != 0
        && (after.NextDueMs > dueMs || after.NextDueMs == 0));

    private void CheckPrompt(TaskChronicle task, long dueMs)
    {
        // It waited behind older ones that are made up for one by one, of which each is asked whether it is late, or
        // behind one by hand that began before it could be claimed.
        if (task.Grants.Values.Any(grant => grant.Run is { Attempt: 1 }
            && grant.Run.ScheduledMs < dueMs && grant.By.AtMs > dueMs))
            return;

        var first = task.Calls.Find(call => call.ScheduledMs == dueMs && call.Attempt == 1);
        if (first is null)
        {
            wrong($"the run of {task.Id} (story {task.Story}) for {dueMs} was never sent");
            return;
        }

        var delayMs = task.Grants[(first.Run, 1)].Run.DelayMs;
        var lateMs = first.StartMs - dueMs - delayMs;
        Lateness.Add(lateMs);
        if (lateMs > PromptMs)
            wrong($"late by {lateMs} ms in quiet times: {first}");
    }

    /// <summary>A short period leaves less room than is usual; then any quiet one must do.</summary>
    private static long RoomMs(TaskDefinition definition) =>
        definition.Type == TaskType.OneShot || definition.Misfire == Misfire.FireAll ? PromptMs * 4 : PromptMs;

    /// <summary>The first due time is the next one after the moment of the create, by the clock that took it.</summary>
    private void CheckFirst(TaskChronicle task, Era era)
    {
        if (era.Begun.Kind != LogKind.Create || era.Definition.Type != TaskType.Periodic || era.Every is not null)
            return;

        var createdMs = Math.Max(era.Begun.After!.CreateTimeMs, era.Definition.StartAtMs - 1);
        if (createdMs < expected.FromMs)
            return;
        var firstMs = era.Dues.Find(due => due > createdMs);
        if (firstMs != 0 && firstMs != era.FirstDueMs)
            wrong($"{task.Id} (story {task.Story}) is due first at {era.FirstDueMs}; must be {firstMs}");
    }

    /// <summary>What is open at the end is on its way, or is for a time that has not come.</summary>
    private void CheckOpen(TaskChronicle task)
    {
        if (task.Log[^1].After?.Runs is not { } open || task.Log[^1].AtMs >= history.EndMs - timeouts.RecoveryMs)
            return;

        foreach (var run in open.AsSpan())
        {
            // A clock that was ahead may have claimed it; whoever has it now waits until it is due by its own.
            if (!run.ClaimedBy.IsNone && run.NotBeforeMs < history.EndMs - timeouts.RecoveryMs)
                wrong($"run {run.Sequence} of {task.Id} (story {task.Story}) was left running");
        }
    }

    /// <summary>What has no next due time has come to its end.</summary>
    private void CheckEnd(TaskChronicle task, Era era, IEnumerable<(LogEvent By, OpenRun Run)> runs)
    {
        if (era.EndedMs == long.MaxValue || era.IsQueued || era.Definition.EndAtMs != 0)
            return;
        var count = runs.Count(run => run.By.AtMs <= era.ReplacedMs);
        if (era.Definition.MaxRuns == 0 || count < era.Definition.MaxRuns)
            wrong($"{task.Id} (story {task.Story}) has no next due time and did not come to its end");
    }

    /// <summary>When nothing keeps the task's due times from being served.</summary>
    private Times TimesOf(TaskChronicle task)
    {
        var calm = new FreeTimes(quiet);
        var pausedMs = task.Created.After!.Phase == TaskPhase.Paused ? task.Created.AtMs : 0;
        foreach (var happened in task.Log)
        {
            var isPaused = happened.After?.Phase == TaskPhase.Paused;
            if (isPaused && pausedMs == 0)
                pausedMs = happened.AtMs;
            if (isPaused || pausedMs == 0)
                continue;
            calm.Take(pausedMs - 1, happened.AtMs);
            pausedMs = 0;
        }

        if (pausedMs != 0)
            calm.Take(pausedMs - 1, long.MaxValue);
        var free = new FreeTimes(calm);
        TakeBusy(task, free);
        return new Times(calm, free);
    }

    private static void TakeBusy(TaskChronicle task, FreeTimes free)
    {
        foreach (var ((run, attempt), grant) in task.Grants)
        {
            // By the log's order: what stands before it in the same millisecond knows nothing of it yet.
            var place = task.Log.FindIndex(happened => ReferenceEquals(happened, grant.By));
            var end = task.Log.FindIndex(place, happened => happened.After?.Runs?.Find(run)?.Attempt != attempt);
            var over = end < 0 ? null : task.Log[end];
            free.Take(grant.By.AtMs, over?.AtMs ?? long.MaxValue);
        }
    }

    private List<Era> Eras(TaskChronicle task)
    {
        List<Era> eras = [];
        foreach (var happened in task.Log)
        {
            var isNew = happened.Kind is LogKind.Create or LogKind.Update;
            if (eras.Count > 0 && (isNew || happened.After is null))
                eras[^1].ReplacedMs = happened.AtMs;
            if (isNew && happened.After is not null)
                eras.Add(EraOf(happened));
            if (happened.After is not null)
                eras[^1].Saw(happened.AtMs, happened.After);
        }

        return eras;
    }

    private Era EraOf(LogEvent begun)
    {
        var definition = TaskChronicle.DefinitionOf(begun.After!);
        var firstMs = begun.After!.NextDueMs;
        if (definition.Type == TaskType.OneShot)
            return new Era(begun, definition, [firstMs], null);

        TimeSpan? every = definition.Format.StartsWith("@every ", StringComparison.Ordinal)
            ? IntervalOf(definition.Format[7..])
            : null;
        var dues = every is { } interval
            ? expected.Of(interval, firstMs)
            : expected.Of(definition.Format, definition.Timezone);
        if (definition.StartAtMs != 0 || definition.EndAtMs != 0)
        {
            dues = dues.FindAll(due =>
                due >= definition.StartAtMs && (definition.EndAtMs == 0 || due <= definition.EndAtMs));
        }

        return new Era(begun, definition, dues, every);
    }

    private static TimeSpan IntervalOf(string text)
    {
        var number = int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            _ => throw new NotSupportedException(text),
        };
    }

    /// <summary>When it could be served, and when moreover none of its runs went on.</summary>
    private sealed record Times(FreeTimes Calm, FreeTimes Free);

    /// <summary>The time for which a task had one definition.</summary>
    private sealed class Era(LogEvent begun, TaskDefinition definition, List<long> dues, TimeSpan? every)
    {
        public LogEvent Begun => begun;

        public TaskDefinition Definition => definition;

        public List<long> Dues => dues;

        public TimeSpan? Every => every;

        public long FromMs => begun.AtMs;

        /// <summary>When an update or a delete took its place.</summary>
        public long ReplacedMs { get; set; } = long.MaxValue;

        /// <summary>
        /// Since when it had come to its end, by max_runs or end_at, and owes nothing more, though an update may have
        /// given the task another life later.
        /// </summary>
        public long EndedMs { get; private set; } = long.MaxValue;

        /// <summary>Its last due time waited for another run to end.</summary>
        public bool IsQueued { get; private set; }

        public long ToMs => Math.Min(ReplacedMs, EndedMs);

        /// <summary>0 where nothing was due any more.</summary>
        public long FirstDueMs => begun.After!.NextDueMs == 0 ? long.MaxValue : begun.After.NextDueMs;

        public void Saw(long atMs, TaskRecord record)
        {
            IsQueued = record.QueuedDueMs != 0;
            if (definition.Type == TaskType.OneShot)
                return;
            EndedMs = record.NextDueMs == 0 ? Math.Min(EndedMs, atMs) : long.MaxValue;
        }

        public bool IsDueAt(long ms) => ms == begun.After!.NextDueMs || dues.BinarySearch(ms) >= 0;
    }
}
