namespace XCron.Raft.Core;

/// <summary>
/// What the core wants done, in order. The runtime carries it out and reports back by the core's inputs.
/// </summary>
internal abstract record Effect
{
    private protected Effect()
    {
    }

    /// <summary>
    /// Put this on disk, in this order: the reset, the truncation, the entries, the hard state; then call OnDurable
    /// with the sequence. At most one in a drain, and sequences rise by one.
    /// </summary>
    public sealed record Write : Effect
    {
        public required long Sequence { get; init; }

        /// <summary>The log now begins behind this snapshot: everything in it before is to be forgotten.</summary>
        public SnapshotMark? ResetTo { get; init; }

        /// <summary>Entries at this index and after are void.</summary>
        public LogIndex? TruncateFrom { get; init; }

        public LogEntry[] Entries { get; init; } = [];

        public HardState? HardState { get; init; }

        /// <summary>A hint, so that a restart applies without waiting for a leader; may lag.</summary>
        public required LogIndex Commit { get; init; }
    }

    /// <summary>Send, but not before the write with sequence AfterWrite is durable; 0: at once.</summary>
    public sealed record Send(Message Message, long AfterWrite) : Effect;

    /// <summary>These are committed; apply them in order, then call OnApplied. All kinds are here, gapless.</summary>
    public sealed record Apply(LogEntry[] Entries) : Effect;

    /// <summary>A read may be answered once Index is applied.</summary>
    public sealed record ReadReady(long ReadId, LogIndex Index) : Effect;

    /// <summary>The read got no index (no leader, or it changed); it may be asked again.</summary>
    public sealed record ReadFailed(long ReadId) : Effect;

    /// <summary>Pull the leader's snapshot, put it on disk, restore from it, then call OnSnapshotInstalled; or
    /// OnSnapshotFailed. No other comes before that, unless the leader changed: then this one replaces it.</summary>
    public sealed record InstallSnapshot(NodeId Leader, LogIndex Index, Term EntryTerm) : Effect;

    /// <summary>Read entries from disk that are no longer in memory, then call OnEntriesLoaded.</summary>
    public sealed record LoadEntries(NodeId Peer, LogIndex From, int MaxBytes) : Effect;

    /// <summary>Role, term or leader changed. Ceasing to lead ends every waiting proposal as unknown.</summary>
    public sealed record RoleChanged(RaftRole Role, Term Term, NodeId Leader) : Effect;
}
