namespace XCron.Raft.Storage;

/// <summary>What a data directory holds, and what is damaged in it.</summary>
internal sealed record DirectoryFindings
{
    /// <summary>Null: there is none, or it cannot be read.</summary>
    public NodeIdentity? Identity { get; init; }

    /// <summary>Whose files these are, by the identity or else by the files themselves; null: nobody's.</summary>
    public LogIdentity? Owner { get; init; }

    /// <summary>In the order in which it was found; empty: all is as it was written.</summary>
    public IReadOnlyList<LogDamagedException> Damage { get; init; } = [];

    /// <summary>The newest snapshot that is whole to its last byte.</summary>
    public SnapshotMark? Snapshot { get; init; }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<string> WholeSnapshots { get; init; } = [];

    public HardState HardState { get; init; }

    /// <summary>Behind the snapshot, gapless, up to the end or the damage.</summary>
    public IReadOnlyList<LogEntry> Entries { get; init; } = [];

    /// <summary>Known to be committed, of what is readable.</summary>
    public LogIndex Commit { get; init; }

    public LogIndex Last { get; init; }

    public Term LastTerm { get; init; }

    /// <summary>What the watermark says: the log was durable to here, with this term.</summary>
    public LogIndex Promised { get; init; }

    public Term PromisedTerm { get; init; }

    /// <summary>The newest configuration that can be read; null: none.</summary>
    public Membership? Membership { get; init; }
}
