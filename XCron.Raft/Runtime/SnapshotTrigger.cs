namespace XCron.Raft.Runtime;

/// <summary>
/// Decides when a snapshot is taken, and what it stands for. Owned by the applier; at most one snapshot is under way.
/// </summary>
internal sealed class SnapshotTrigger
{
    private readonly long _logBytes;
    private readonly Action<SnapshotMark, ISnapshotView> _write;
    private readonly List<TaskCompletionSource<LogIndex>> _waiting = [];
    private Membership _membership;
    private LogIndex _membershipIndex;
    private long _bytesSince;
    private bool _isWriting;

    /// <param name="logBytes">Payload bytes applied since the last snapshot that make the next one due.</param>
    /// <param name="start">What the state machine holds at the start, and who the members are there.</param>
    /// <param name="write">Writes the view to disk elsewhere and posts <see cref="ApplierJob.SnapshotEnded"/>.</param>
    public SnapshotTrigger(
        long logBytes, (Membership Membership, LogIndex Index) start, Action<SnapshotMark, ISnapshotView> write)
    {
        _logBytes = logBytes;
        _write = write;
        (_membership, _membershipIndex) = start;
    }

    /// <summary>To be told of every entry before it is applied.</summary>
    public void Count(LogEntry entry)
    {
        const int EntryOverheadBytes = 32;
        _bytesSince += entry.Payload.Length + EntryOverheadBytes;
        if (entry.Kind != EntryKind.Configuration)
            return;

        _membership = Membership.Decode(entry.Payload.Span);
        _membershipIndex = entry.Index;
    }

    public void TakeIfDue(IStateMachine stateMachine, LogIndex applied, Term term)
    {
        if (!_isWriting && (_bytesSince >= _logBytes || _waiting.Count > 0))
            Take(stateMachine, applied, term);
    }

    /// <summary>Takes one now, or right after the one under way.</summary>
    public void Request(TaskCompletionSource<LogIndex> done, IStateMachine stateMachine, LogIndex applied, Term term)
    {
        if (applied == LogIndex.Zero)
        {
            done.TrySetResult(LogIndex.Zero);
            return;
        }

        _waiting.Add(done);
        TakeIfDue(stateMachine, applied, term);
    }

    public void Ended(SnapshotMark? mark)
    {
        _isWriting = false;
        foreach (var done in _waiting)
        {
            if (mark is null)
                done.TrySetException(new IOException("The snapshot could not be written; the log says why."));
            else
                done.TrySetResult(mark.Index);
        }

        _waiting.Clear();
    }

    public void Restored(SnapshotMark mark)
    {
        _membership = mark.Membership;
        _membershipIndex = mark.MembershipIndex;
        _bytesSince = 0;
    }

    public void EndWaits()
    {
        foreach (var done in _waiting)
            done.TrySetCanceled();
    }

    private void Take(IStateMachine stateMachine, LogIndex applied, Term term)
    {
        _bytesSince = 0;
        _isWriting = true;
        _write(new SnapshotMark(applied, term, _membership, _membershipIndex), stateMachine.Capture());
    }
}
