using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.State;

/// <summary>
/// Follows a state from outside, by what its observers hear, and checks each step against the promises: no attempt
/// granted twice, no due time run twice, nothing after a delete, every change one revision, every run counted once.
/// </summary>
internal sealed class StateChecker(string context) : IStateObserver
{
    private readonly Dictionary<TaskId, TaskRecord> _records = [];
    private readonly Dictionary<TaskId, long> _runsOver = [];
    private readonly HashSet<(TaskId Task, long Sequence, int Attempt)> _grants = [];
    private readonly HashSet<(TaskId Task, long ScheduledMs)> _opened = [];

    public long RunsOverCount { get; private set; }

    public void TaskChanged(TaskId id, TaskRecord? record)
    {
        if (record is null)
        {
            // The id of a deleted task may be proposed again here: it is a new task then.
            Require(_records.Remove(id), "only a task that was there is removed");
            _runsOver.Remove(id);
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
        Require(record.Run is null || record.Run.Sequence == record.RunSequence, "the open run is the newest");
        Require(record.Run is not { ClaimedBy.IsNone: true } || record.QueuedDueMs == 0, "no queue behind a retry");
        Require(record.RunCount == _runsOver.GetValueOrDefault(id), "each finished run is counted once");
        Require(
            record.RunSequence == record.RunCount + (record.Run is null ? 0 : 1), "every run but the open one is over");
        var isFinished = record.Phase is TaskPhase.Completed or TaskPhase.Failed;
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
        Require(run.ScheduledMs <= run.ClaimedMs, "no run is claimed before its due time");
        Require(
            run.Attempt > 1 || _opened.Add((record.Id, run.ScheduledMs)), "no due time has two runs");
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
        Require(counters.RunsOk + counters.RunsFailed == RunsOverCount, "runs");
        foreach (var record in all)
        {
            var name = DefinitionHead.NameOf(record.Definition);
            Require(name.Length == 0 || ReferenceEquals(state.FindByName(name), record), "found by name");
        }
    }

    private void CheckChange(TaskRecord before, TaskRecord after)
    {
        Require(ReferenceEquals(before.Definition, after.Definition), "the definition never changes");
        Require(after.FailCount >= before.FailCount && after.MissedCount >= before.MissedCount, "counts only rise");
        if (before.Run is null || before.Run.Sequence == after.Run?.Sequence)
            return;

        RunsOverCount++;
        _runsOver[after.Id] = _runsOver.GetValueOrDefault(after.Id) + 1;
        Require(after.LastRun!.Sequence == before.Run.Sequence, "the run that is over is the last one");
    }

    private void Require(bool condition, string what)
    {
        if (!condition)
            throw new AssertionException($"{what} ({context})");
    }
}
