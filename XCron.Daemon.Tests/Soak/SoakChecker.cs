namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Judges the stories of all tasks against the promises, after Jepsen's checker for Chronos: every due time of every
/// acknowledged task that was not deleted is called; none early; none again after a success but within a fault's window
/// and under the same run id; none after a delete. Pure.
/// </summary>
internal sealed class SoakChecker(IReadOnlyCollection<FaultWindow> windows)
{
    /// <summary>A run claimed by a clock that was ahead may go out, claimed again, a while after.</summary>
    private const long SkewLastsMs = 60_000;

    /// <summary>An attempt under way at a delete arrives within this, where no fault holds it up.</summary>
    private const long UnderWayMs = 3000;

    private const long FarOffMs = 60_000;

    /// <summary>Results of what was sent before a fault may not be recorded yet.</summary>
    private const long UnrecordedMs = 2000;

    private static readonly FaultKind[] Excuses =
    [
        FaultKind.Kill, FaultKind.KillAll, FaultKind.Wipe, FaultKind.Pause, FaultKind.Cut, FaultKind.Slow,
        FaultKind.Starved, FaultKind.CutOff,
    ];

    private readonly List<string> _findings = [];
    private readonly List<long> _lateness = [];
    private readonly List<long> _quietLateness = [];
    private readonly List<(long LateMs, string What)> _late = [];
    private int _due;
    private int _sent;
    private int _lost;
    private int _early;
    private int _doubled;
    private int _unexplained;
    private int _afterDelete;

    public SoakVerdict Check(IEnumerable<TaskStory> stories)
    {
        foreach (var story in stories)
            Check(story);
        return new SoakVerdict
        {
            Due = _due,
            Sent = _sent,
            Lost = _lost,
            Early = _early,
            Doubled = _doubled,
            Unexplained = _unexplained,
            AfterDelete = _afterDelete,
            LatenessMs = [.. _lateness.Order()],
            QuietLatenessMs = [.. _quietLateness.Order()],
            Late = [.. _late.OrderByDescending(static late => late.LateMs).Select(static late => late.What)],
            Findings = _findings,
        };
    }

    private void Check(TaskStory story)
    {
        foreach (var late in LateCreates(story))
            Check(late);
        if (story.Created == Ending.Refused && story.Calls.Count > 0)
            Find(story, "was called, though its create was refused");
        if (story.TaskIds.Concat(story.Calls.Select(call => call.TaskId)).Distinct().Count() > 1)
            Find(story, "has two task ids");

        var runs = story.Calls.GroupBy(call => call.ScheduledMs).OrderBy(run => run.Key).ToArray();
        CheckThere(story, runs.Length);
        CheckDue(story, runs.Length);
        CheckTimes(story, runs);
        foreach (var run in runs)
            CheckRun(story, [.. run.OrderBy(call => call.ArrivedMs)]);
        CheckDelete(story);
    }

    /// <summary>
    /// Tasks of the story's name that are not the one that was acknowledged, and may be: for each, a create was sent
    /// that got no answer, and a delete has freed the name before. Their calls go from the story to ones of their own,
    /// which promise nothing, and must keep every rule else.
    /// </summary>
    private static TaskStory[] LateCreates(TaskStory story)
    {
        if (story.Created != Ending.Done || story.DeleteAskedMs == 0)
            return [];

        var tasks = story.Calls.Where(call => !story.TaskIds.Contains(call.TaskId)).GroupBy(call => call.TaskId)
            .Where(calls => calls.All(call => call.ArrivedMs >= story.DeleteAskedMs))
            .Take(story.DoubtfulCreates).Select(calls => LateCreate(story, calls)).ToArray();
        foreach (var task in tasks)
            story.Calls.RemoveAll(task.Calls.Contains);
        return tasks;
    }

    private static TaskStory LateCreate(TaskStory story, IGrouping<string, TaskCall> calls)
    {
        var late = new TaskStory
        {
            Key = story.Key,
            DueMs = story.DueMs,
            PeriodMs = story.PeriodMs,
            Runs = story.Runs,
            Created = Ending.Unknown,
            CreatedMs = story.CreatedMs,
        };
        late.TaskIds.Add(calls.Key);
        late.Calls.AddRange(calls);
        return late;
    }

    private void CheckThere(TaskStory story, int sent)
    {
        if ((!story.WasMissed && story.Deleted != Ending.Missing) || IsSweptEarly(story, sent))
            return;

        _lost++;
        Find(story, "was acknowledged, and an answer said that there is no such task");
    }

    private void CheckDue(TaskStory story, int sent)
    {
        _sent += sent;
        var isWanted = story.IsWanted && !IsOutOfTime(story);
        _due += isWanted ? story.Runs : sent;
        if (sent > story.Runs)
            Find(story, $"had {sent} runs; must be {story.Runs}");
        if (!isWanted)
            return;

        if (sent < story.Runs)
        {
            _lost += story.Runs - sent;
            Find(story, $"had {sent} runs sent; must be {story.Runs}");
        }
        else if (story.CompletedMs == 0 && !IsSweptEarly(story, sent))
        {
            Find(story, "was called, and is not recorded as completed");
        }
    }

    /// <summary>
    /// A clock that was far off put the begin of a periodic task, or the retry of a failed attempt, where the soak
    /// does not reach.
    /// </summary>
    private bool IsOutOfTime(TaskStory story) =>
        (story.PeriodMs > 0 || story.Calls.Any(call => !call.IsOk))
        && WasAClockFarOff(story, story.LastDueMs + SkewLastsMs);

    /// <summary>Finished by a clock far behind, or swept by one far ahead: its retention was over.</summary>
    private bool IsSweptEarly(TaskStory story, int sent) =>
        sent >= story.Runs
        && WasAClockFarOff(story, story.LastDueMs + (long)SoakCluster.Retention.TotalMilliseconds);

    private bool WasAClockFarOff(TaskStory story, long untilMs) => windows.Any(window =>
        Math.Abs(window.AheadMs) > FarOffMs && window.Touches(story.CreatedMs - SkewLastsMs, untilMs));

    private void CheckTimes(TaskStory story, IGrouping<long, TaskCall>[] runs)
    {
        for (var i = 0; i < runs.Length; i++)
        {
            var isOnGrid = story.PeriodMs == 0
                ? runs[i].Key == story.DueMs
                : (runs[i].Key - runs[0].Key) % story.PeriodMs == 0;
            if (!isOnGrid)
                Find(story, $"was called under the time {runs[i].Key}, which is none of its");
        }
    }

    private void CheckRun(TaskStory story, TaskCall[] calls)
    {
        var first = calls[0];
        if (calls.Any(call => call.RunId != first.RunId))
            Find(story, $"has two runs of the same time {first.ScheduledMs}");

        var lateMs = first.ArrivedMs - first.ScheduledMs;
        if (!IsOutOfTime(story))
        {
            _lateness.Add(Math.Max(0, lateMs));
            if (lateMs > SoakVerdict.LateMs)
                _late.Add((lateMs, $"{story.Key} ({first.RunId}): due at {first.ScheduledMs}, {lateMs} ms late"));
        }

        if (!windows.Any(window => window.Touches(first.ScheduledMs - 1000, first.ArrivedMs)))
            _quietLateness.Add(Math.Max(0, lateMs));
        foreach (var call in calls)
        {
            if (call.ArrivedMs >= call.ScheduledMs - AheadMs(call.ArrivedMs))
                continue;
            _early++;
            Find(story, $"was called {call.ScheduledMs - call.ArrivedMs} ms early");
        }

        for (var i = 1; i < calls.Length; i++)
        {
            if (calls.Take(i).FirstOrDefault(call => call.IsOk) is { } success)
                CheckDouble(story, success, calls[i]);
        }
    }

    private void CheckDouble(TaskStory story, TaskCall success, TaskCall again)
    {
        _doubled++;
        // What an answer called completed is recorded: only who was away meanwhile may not know it.
        var fromMs = success.ArrivedMs - UnrecordedMs;
        var toMs = Math.Min(again.ArrivedMs, story.CompletedMs == 0 ? long.MaxValue : story.CompletedMs);
        if (windows.Any(window => Excuses.Contains(window.Kind) && window.Touches(fromMs, toMs)))
            return;

        _unexplained++;
        var afterMs = again.ArrivedMs - success.ArrivedMs;
        Find(story, $"was called again {afterMs} ms after a success, with no fault between");
    }

    private void CheckDelete(TaskStory story)
    {
        if (story.Deleted != Ending.Done)
            return;

        // One that had its success before, and is sent again by who did not know, is a double, and judged as such.
        var ended = story.Calls.Where(call => call.IsOk && call.ArrivedMs <= story.DeletedMs)
            .Select(call => call.RunId).ToHashSet();
        var fresh = story.Calls
            .Where(call => call.ArrivedMs > story.DeletedMs && !ended.Contains(call.RunId)).ToArray();
        var isAllowed = fresh.Length == 0 || (story.WasRunning && fresh is [var only] && IsUnderWay(story, only));
        if (isAllowed)
            return;

        _afterDelete += fresh.Length;
        Find(story, $"was called {fresh[0].ArrivedMs - story.DeletedMs} ms after its delete was answered"
            + (story.WasRunning ? " (running)" : ""));
    }

    private bool IsUnderWay(TaskStory story, TaskCall call) =>
        call.ArrivedMs - story.DeletedMs <= UnderWayMs
        || windows.Any(window => Excuses.Contains(window.Kind) && window.Touches(story.DeletedMs, call.ArrivedMs));

    private long AheadMs(long atMs) => windows
        .Where(window => window.Kind == FaultKind.Skew && window.Touches(atMs - SkewLastsMs, atMs))
        .Select(window => window.AheadMs).Append(0).Max();

    private void Find(TaskStory story, string what) =>
        _findings.Add($"{story.Key} ({string.Join(' ', story.TaskIds)}): {what}");
}
