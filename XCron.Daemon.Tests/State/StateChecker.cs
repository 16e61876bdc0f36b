using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.State;

/// <summary>
/// Follows a state from outside, by what its observers hear, and checks each step against the promises: no attempt
/// granted twice, no due time run twice, nothing after a delete, every change one revision, every run counted once.
/// </summary>
internal sealed class StateChecker(string context) : IStateObserver
{
    private readonly Dictionary<TaskId, TaskRecord> _records = [];
    private readonly Dictionary<TaskId, long> _runsOver = [];
    private readonly Dictionary<TaskId, long> _neverSent = [];
    private readonly HashSet<(TaskId Task, long Sequence, int Attempt)> _grants = [];
    private readonly HashSet<(TaskId Task, long ScheduledMs)> _opened = [];

    // An update that forbids overlaps leaves those there are to end.
    private readonly Dictionary<TaskId, int> _claimedAtUpdate = [];

    private readonly Dictionary<TaskId, long> _queued = [];

    public long RunsOverCount { get; private set; }

    public int MostOpen { get; private set; }

    public long RunsByHand { get; private set; }

    public long Updates { get; private set; }

    /// <summary>Of tasks with open runs.</summary>
    public long Imports { get; private set; }

    public long Pauses { get; private set; }

    public long Resumes { get; private set; }

    public void TaskChanged(TaskId id, TaskRecord? record)
    {
        if (record is null)
        {
            // The id of a deleted task may be proposed again here: it is a new task then.
            Require(_records.Remove(id), "only a task that was there is removed");
            _runsOver.Remove(id);
            _neverSent.Remove(id);
            _grants.RemoveWhere(grant => grant.Task == id);
            _opened.RemoveWhere(run => run.Task == id);
            return;
        }

        var before = _records.GetValueOrDefault(id);
        if (ReferenceEquals(before, record))
            return;

        Require(record.Revision == (before?.Revision ?? 0) + 1, "each change raises the revision by one");
        if (before is not null)
            CheckChange(before, record);
        else
            Begin(record);
        CheckRuns(record);
        Require(record.RunCount == _runsOver.GetValueOrDefault(id), "each finished run is counted once");
        Require(
            record.RunSequence == record.RunCount + _neverSent.GetValueOrDefault(id) + (record.Runs?.Count ?? 0),
            "every run but the open ones is over");
        var isFinished = record.Phase is TaskPhase.Completed or TaskPhase.Failed or TaskPhase.Expired;
        Require(record.Phase != TaskPhase.Expired || record.RunCount == 0, "what has run does not expire");
        Require(
            !isFinished || (record.Run is null && record.NextDueMs == 0 && record.QueuedDueMs == 0),
            "a finished task has nothing left to do");
        _records[id] = record;
    }

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
        var run = record.Run!;
        Require(ReferenceEquals(_records.GetValueOrDefault(record.Id), record), "the change is told before the grant");
        Require(run.ClaimedBy == session, "the attempt is the session's");
        Require(_grants.Add((record.Id, run.Sequence, run.Attempt)), "no attempt is granted twice");

        if (run.Attempt > 1)
            return;

        // What waited in the queue was due by the clock of whoever queued it.
        var wasQueued = _queued.GetValueOrDefault(record.Id) == run.ScheduledMs;
        Require(wasQueued || run.ScheduledMs + run.DelayMs <= run.ClaimedMs, "no run is claimed before its due time");
        Require(run.IsByHand || _opened.Add((record.Id, run.ScheduledMs)), "no due time has two runs");
    }

    public void OwnersChanged(long epoch)
    {
    }

    public void StateReplaced()
    {
    }

    /// <summary>Compares with the state's own view, counting by walking.</summary>
    public void CheckAgainst(SchedulerState state)
    {
        var all = Enumerable.Range(0, ShardId.Count).SelectMany(shard => state.TasksOf(new ShardId(shard))).ToList();
        Require(all.Count == _records.Count && all.All(record => _records[record.Id] == record), "same records");

        var counters = state.Counters;
        long Count(Func<TaskRecord, bool> isSo) => all.Count(isSo);
        Require(counters.Running == Count(task => task.Run is not null), "running");
        Require(counters.Scheduled == Count(t => t.Run is null && t.Phase == TaskPhase.Scheduled), "scheduled");
        Require(counters.Paused == Count(t => t.Run is null && t.Phase == TaskPhase.Paused), "paused");
        Require(counters.Completed == Count(task => task.Phase == TaskPhase.Completed), "completed");
        Require(counters.Failed == Count(task => task.Phase == TaskPhase.Failed), "failed");
        Require(counters.Expired == Count(task => task.Phase == TaskPhase.Expired), "expired");
        Require(counters.RunsOk + counters.RunsFailed == RunsOverCount, "runs");
        foreach (var record in all)
        {
            var name = DefinitionHead.NameOf(record.Definition);
            Require(name.Length == 0 || ReferenceEquals(state.FindByName(name), record), "found by name");
        }
    }

    private void CheckChange(TaskRecord before, TaskRecord after)
    {
        var type = DefinitionHead.TypeOf(after.Definition);
        Require(DefinitionHead.TypeOf(before.Definition) == type, "the type never changes");
        Require(after.FailCount >= before.FailCount && after.MissedCount >= before.MissedCount, "counts only rise");
        Require(
            before.Phase != TaskPhase.Paused || after.RunSequence == before.RunSequence
                || after.Run is { IsByHand: true }, "a paused task starts nothing by itself");
        Updates += ReferenceEquals(before.Definition, after.Definition) ? 0 : 1;
        Pauses += before.Phase != TaskPhase.Paused && after.Phase == TaskPhase.Paused ? 1 : 0;
        Resumes += before.Phase == TaskPhase.Paused && after.Phase != TaskPhase.Paused ? 1 : 0;
        RunsByHand += (after.History?.Uncounted ?? 0) - (before.History?.Uncounted ?? 0);
        if (before.QueuedDueMs != 0)
            _queued[after.Id] = before.QueuedDueMs;
        if (before.Phase == TaskPhase.Paused || !ReferenceEquals(before.Definition, after.Definition))
        {
            // A new schedule may have a time of the old one's again.
            _opened.RemoveWhere(run => run.Task == after.Id);
        }

        foreach (var run in OpenOf(before))
        {
            if (after.Runs?.Find(run.Sequence) is not null)
                continue;
            var over = after.History!.ToList().Find(over => over.Sequence == run.Sequence)!;
            var isSent = over.Status != RunStatus.Skipped;
            RunsOverCount += isSent ? 1 : 0;
            var counts = isSent ? _runsOver : _neverSent;
            counts[after.Id] = counts.GetValueOrDefault(after.Id) + 1;
        }
    }

    /// <summary>What is imported has had runs elsewhere, and may have some that are not over.</summary>
    private void Begin(TaskRecord record)
    {
        Imports += record.Runs is null ? 0 : 1;
        _runsOver[record.Id] = record.RunCount;
        _claimedAtUpdate[record.Id] = record.Runs?.Count ?? 0;
    }

    private void CheckRuns(TaskRecord record)
    {
        var open = new HashSet<long>();
        foreach (var run in OpenOf(record))
        {
            Require(open.Add(run.Sequence) && run.Sequence <= record.RunSequence, "each open run is another");
            Require(!run.ClaimedBy.IsNone || record.QueuedDueMs == 0, "no queue behind a retry");
        }

        var mayOverlap = DefinitionHead.OverlapOf(record.Definition) == Overlap.Allow;
        MostOpen = Math.Max(MostOpen, open.Count);
        Require(open.Count <= OpenRuns.Most, "the open runs are bounded");
        var claimed = record.Runs?.CountClaimed() ?? 0;
        var left = _claimedAtUpdate.GetValueOrDefault(record.Id);
        Require(mayOverlap || claimed <= Math.Max(1, left), "never two at once where runs may not overlap");
        _claimedAtUpdate[record.Id] = mayOverlap ? open.Count : Math.Min(left, open.Count);
        Require((record.History?.ToList().Count ?? 0) <= RunHistory.Kept, "the history is bounded");
    }

    private static OpenRun[] OpenOf(TaskRecord record) => record.Runs is null ? [] : record.Runs.AsSpan().ToArray();

    private void Require(bool condition, string what)
    {
        if (!condition)
            throw new AssertionException($"{what} ({context})");
    }
}
