using System.Runtime.InteropServices;

namespace XCron.Raft.Runtime;

/// <summary>
/// The only one that touches the state machine: applies what is committed, completes proposals and reads, restores, and
/// starts snapshots. Restores and applies are serialized by being jobs of one inbox.
/// </summary>
internal sealed class Applier : Station<ApplierJob>
{
    // The core hands out a limited number of entries before OnApplied, and batches of readers are limited too.
    private const int Capacity = 1 << 16;
    private const int MaxSnapshotRequests = 1 << 15;

    private readonly IStateMachine _stateMachine;
    private readonly PendingProposals _pending;
    private readonly SnapshotTrigger _snapshots;
    private readonly Func<NodeInput, bool> _tell;
    private readonly Func<SnapshotMark, ValueTask> _restore;
    private readonly List<(LogIndex Index, ReadBatch Readers)> _readers = [];
    private readonly List<LogEntry> _commands = [];
    private readonly List<Proposal?> _proposals = [];
    private readonly Queue<ApplierJob> _parked = new();
    private ApplyResult[] _results = new ApplyResult[256];

    // A restore under way; everything that comes meanwhile is parked.
    private Task? _restoring;
    private SnapshotMark? _restoringMark;
    private LogIndex _applied;
    private Term _appliedTerm;

    public Applier(
        IStateMachine stateMachine,
        PendingProposals pending,
        SnapshotTrigger snapshots,
        Func<SnapshotMark, ValueTask> restore,
        Func<NodeInput, bool> tell,
        SnapshotMark? start)
        : base("applier", Capacity)
    {
        _stateMachine = stateMachine;
        _pending = pending;
        _snapshots = snapshots;
        _restore = restore;
        _tell = tell;
        _applied = start?.Index ?? LogIndex.Zero;
        _appliedTerm = start?.Term ?? default;
    }

    /// <summary>Asks for a snapshot; false: the applier has ended, or too much waits for it.</summary>
    public bool TryRequestSnapshot(TaskCompletionSource<LogIndex> done) =>
        TryPost(new ApplierJob.TakeSnapshot(done), MaxSnapshotRequests);

    protected override void Work(List<ApplierJob> batch)
    {
        foreach (var job in batch)
            _parked.Enqueue(job);

        var before = _applied;
        while (!IsRestoring() && _parked.TryDequeue(out var job))
            Do(job);
        if (_applied != before)
            _tell(new NodeInput.Applied(_applied));
    }

    /// <summary>Called once the thread has ended: nobody waits for ever.</summary>
    public void EndWaits()
    {
        var left = new List<ApplierJob>();
        TakeRest(ref left);
        foreach (var (_, readers) in _readers)
            readers.Complete(false);
        foreach (var job in _parked.Concat(left))
        {
            if (job is ApplierJob.WaitFor wait)
                wait.Readers.Complete(false);
            if (job is ApplierJob.TakeSnapshot take)
                take.Done.TrySetCanceled();
        }

        _snapshots.EndWaits();
    }

    private void Do(ApplierJob job)
    {
        switch (job)
        {
            case ApplierJob.Apply apply:
                Apply(apply.Entries);
                break;
            case ApplierJob.WaitFor wait when wait.Index <= _applied:
                wait.Readers.Complete(true);
                break;
            case ApplierJob.WaitFor wait:
                _readers.Add((wait.Index, wait.Readers));
                break;
            case ApplierJob.Restore restore:
                BeginRestore(restore.Mark);
                break;
            case ApplierJob.TakeSnapshot take:
                _snapshots.Request(take.Done, _stateMachine, _applied, _appliedTerm);
                break;
            case ApplierJob.SnapshotEnded ended:
                _snapshots.Ended(ended.Mark);
                break;
            default:
                throw new System.Diagnostics.UnreachableException(job.GetType().Name);
        }
    }

    private void Apply(LogEntry[] entries)
    {
        // After a restore, what was handed out before it is already in the state.
        var skip = (int)Math.Clamp(_applied - entries[0].Index + 1, 0, entries.Length);
        if (skip == entries.Length)
            return;

        Invariant.Require(entries[skip].Index == _applied.Next, "entries are applied without a gap");
        for (var i = skip; i < entries.Length; i++)
        {
            _snapshots.Count(entries[i]);
            if (entries[i].Kind == EntryKind.Command)
                _commands.Add(entries[i]);
        }

        ApplyCommands();
        _applied = entries[^1].Index;
        _appliedTerm = entries[^1].Term;
        CompleteReaders();
        _snapshots.TakeIfDue(_stateMachine, _applied, _appliedTerm);
    }

    private void ApplyCommands()
    {
        if (_commands.Count == 0)
            return;

        if (_results.Length < _commands.Count)
            _results = new ApplyResult[Math.Max(_commands.Count, _results.Length * 2)];
        var commands = CollectionsMarshal.AsSpan(_commands);
        var results = _results.AsSpan(0, commands.Length);
        results.Clear();
        _stateMachine.Apply(commands, results);
        RaftMetrics.ApplyBatch.Record(commands.Length);

        _pending.Take(commands, _proposals);
        for (var i = 0; i < commands.Length; i++)
            _proposals[i]?.Complete(new ProposeOutcome.Applied(commands[i].Index, commands[i].Term, results[i]));
        _proposals.Clear();
        _commands.Clear();
    }

    private void CompleteReaders()
    {
        for (var i = _readers.Count - 1; i >= 0; i--)
        {
            if (_readers[i].Index > _applied)
                continue;

            _readers[i].Readers.Complete(true);
            _readers.RemoveAt(i);
        }
    }

    private void BeginRestore(SnapshotMark mark)
    {
        if (mark.Index <= _applied)
        {
            _tell(new NodeInput.SnapshotFailed(mark.Index));
            return;
        }

        _restoringMark = mark;
        _restoring = _restore(mark).AsTask();
        if (!_restoring.IsCompleted)
            _ = _restoring.ContinueWith(static (_, self) => ((Applier)self!).Wake(), this, TaskScheduler.Default);
    }

    private bool IsRestoring()
    {
        if (_restoring is null)
            return false;
        if (!_restoring.IsCompleted)
            return true;
        if (_restoring.IsFaulted)
            throw _restoring.Exception.InnerException ?? _restoring.Exception;

        var mark = _restoringMark!;
        _restoring = null;
        _restoringMark = null;
        _applied = mark.Index;
        _appliedTerm = mark.Term;
        _snapshots.Restored(mark);
        CompleteReaders();
        _tell(new NodeInput.SnapshotInstalled(mark));
        return false;
    }
}
