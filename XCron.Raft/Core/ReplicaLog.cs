namespace XCron.Raft.Core;

/// <summary>
/// This node's log: what it holds, what of it is to be written, is on disk, is committed, is handed out to be applied,
/// and is applied.
/// </summary>
internal sealed class ReplicaLog
{
    // What an entry costs in memory beside its payload: without it, empty ones would cost nothing and know no bound.
    private const int EntryOverheadBytes = 128;

    private readonly CoreOptions _options;
    private readonly LogView _view;
    private readonly Durability _durability;
    private readonly ConfigurationHistory _configurations;
    private LogIndex _unwritten;
    private LogIndex? _truncateFrom;
    private SnapshotMark? _resetTo;
    private LogIndex _handedOut;
    private LogIndex _settled;
    private long _sequence;
    private long _unappliedBytes; // of entries that are committed and not applied

    public ReplicaLog(CoreOptions options, RecoveredState recovered)
    {
        _options = options;
        _view = new LogView(recovered, options.CachedLogBytes);
        _configurations = new ConfigurationHistory(recovered);
        Snapshot = recovered.Snapshot;
        var restored = recovered.Snapshot?.Index ?? LogIndex.Zero;
        Applied = _handedOut = restored;
        Commit = LogIndex.Max(restored, LogIndex.Min(recovered.Commit, _view.LastIndex));
        _durability = new Durability(_view.LastIndex);
        _unwritten = _view.LastIndex.Next;
        _settled = restored;
        foreach (var entry in recovered.Entries)
            UnsettledBytes += CostOf(entry);
        AddUnapplied(restored, Commit);
    }

    public LogView View => _view;

    public LogIndex LastIndex => _view.LastIndex;

    public LogIndex Durable => _durability.Index;

    // Invariant: Applied <= handed out <= Commit <= LastIndex.
    public LogIndex Commit { get; private set; }

    public LogIndex Applied { get; private set; }

    /// <summary>
    /// Bytes of entries that are not yet both on this disk and applied here (and so committed): memory must hold them,
    /// whatever the cache's size.
    /// </summary>
    public long UnsettledBytes { get; private set; }

    /// <summary>
    /// Whether a follower may take more. What is committed waits for the state machine in memory, so where that stands
    /// there is an end to it. What is not committed is no reason to refuse: a leader's own bound limits it, and a new
    /// leader must bring all of it, and an entry of its own, before anything can be committed.
    /// </summary>
    public bool HasRoom => _unappliedBytes < _options.MaxUncommittedBytes;

    public SnapshotMark? Snapshot { get; private set; }

    public Membership Membership => _configurations.Current;

    public LogIndex MembershipIndex => _configurations.CurrentIndex;

    /// <inheritdoc cref="ConfigurationHistory.MayBeNeeded"/>
    public bool MayBeNeeded(NodeId voter) => _configurations.MayBeNeeded(voter);

    /// <summary>The newest write asked for.</summary>
    public long Sequence => _sequence;

    /// <summary>The newest write asked for and not on disk; 0 where all are.</summary>
    public long PendingSequence => _durability.Sequence < _sequence ? _sequence : 0;

    public long DurableSequence => _durability.Sequence;

    /// <returns>Whether another configuration is in force now.</returns>
    public bool Append(LogEntry entry)
    {
        _view.Append(entry);
        UnsettledBytes += CostOf(entry);
        return _configurations.Appended(entry);
    }

    /// <returns>Whether another configuration is in force now.</returns>
    public bool TruncateFrom(LogIndex index)
    {
        Invariant.Require(index > Commit, "what is committed is never truncated");
        for (var gone = index; gone <= LastIndex; gone = gone.Next)
            UnsettledBytes -= CostOf(_view.Entry(gone));
        _view.TruncateFrom(index);
        _durability.TruncateFrom(index);
        if (index < _unwritten)
        {
            _truncateFrom = _truncateFrom is { } earlier ? LogIndex.Min(earlier, index) : index;
            _unwritten = index;
        }

        return _configurations.TruncatedFrom(index);
    }

    public void CommitTo(LogIndex index)
    {
        Invariant.Require(index <= LastIndex, "only what the log holds is committed");
        if (index <= Commit)
            return;

        AddUnapplied(Commit, index);
        Commit = index;
        _configurations.Committed(index);
    }

    public void ConfirmWrite(long sequence)
    {
        _durability.Confirm(sequence);
        Settle();
    }

    public void ConfirmApplied(LogIndex index)
    {
        Invariant.Require(index <= Commit, "only what is committed is applied");
        MoveApplied(LogIndex.Max(Applied, index));
        _handedOut = LogIndex.Max(_handedOut, Applied);
        Settle();
        _view.Evict(LogIndex.Min(Applied, LogIndex.Min(Durable, _unwritten.Previous)));
    }

    /// <summary>Own snapshot on disk; the log before keepFrom is cut.</summary>
    public void SnapshotTaken(SnapshotMark mark, LogIndex keepFrom)
    {
        if (Snapshot is not null && mark.Index <= Snapshot.Index)
            return;

        Snapshot = mark;

        // Never past the snapshot: what is cut is offered as that.
        var covered = LogIndex.Min(mark.Index, LogIndex.Min(Applied, Durable));
        _view.ForgetBefore(LogIndex.Min(keepFrom, covered.Next));
    }

    /// <summary>A leader's snapshot on disk and in the state machine.</summary>
    /// <returns>False where it says nothing that is not known.</returns>
    public bool InstallSnapshot(SnapshotMark mark)
    {
        if (mark.Index <= Applied)
            return false;

        Snapshot = mark;
        if (_view.Matches(mark.Index, mark.Term))
        {
            // Raft §7: entries after the snapshot's are kept where the log agrees with it.
            CommitTo(mark.Index);
            MoveApplied(mark.Index);
            _handedOut = LogIndex.Max(_handedOut, mark.Index);
            Settle();
            return true;
        }

        Invariant.Require(mark.Index > Commit, "what is committed is never dropped for a snapshot");
        _view.Reset(mark);
        _configurations.Reset(mark);
        _durability.Reset(mark.Index);
        (_resetTo, _truncateFrom, _unwritten) = (mark, null, mark.Index.Next);
        Commit = Applied = _handedOut = _settled = mark.Index;
        UnsettledBytes = _unappliedBytes = 0;
        return true;
    }

    /// <summary>All that is to be written, as one write; null where there is nothing.</summary>
    public Effect.Write? TakeWrite(HardState? hardState)
    {
        var entries = LastIndex >= _unwritten
            ? _view.Slice(_unwritten, LastIndex, int.MaxValue, long.MaxValue)
            : [];
        if (entries.Length == 0 && hardState is null && _truncateFrom is null && _resetTo is null)
            return null;

        var write = new Effect.Write
        {
            Sequence = ++_sequence,
            ResetTo = _resetTo,
            TruncateFrom = _truncateFrom,
            Entries = entries,
            HardState = hardState,
            Commit = Commit,
        };
        _durability.Wrote(_sequence, LastIndex);
        (_resetTo, _truncateFrom, _unwritten) = (null, null, LastIndex.Next);
        return write;
    }

    /// <summary>The next committed entries to apply; null where there are none, or enough are handed out.</summary>
    public Effect.Apply? TakeApply()
    {
        var room = _options.MaxUnappliedEntries - (int)(_handedOut - Applied);
        if (_handedOut >= Commit || room <= 0)
            return null;

        var entries = _view.Slice(_handedOut.Next, Commit, room, _options.MaxApplyBytes);
        _handedOut = entries[^1].Index;
        return new Effect.Apply(entries);
    }

    private void Settle()
    {
        for (var upTo = LogIndex.Min(Applied, Durable); _settled < upTo; _settled = _settled.Next)
            UnsettledBytes -= CostOf(_view.Entry(_settled.Next));
    }

    private void AddUnapplied(LogIndex from, LogIndex upTo)
    {
        for (var index = from; index < upTo; index = index.Next)
            _unappliedBytes += CostOf(_view.Entry(index.Next));
    }

    private void MoveApplied(LogIndex index)
    {
        for (; Applied < index; Applied = Applied.Next)
            _unappliedBytes -= CostOf(_view.Entry(Applied.Next));
    }

    private static long CostOf(LogEntry entry) => entry.Payload.Length + EntryOverheadBytes;
}
