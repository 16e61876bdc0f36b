namespace XCron.Raft.Core;

/// <summary>The core's patience, in ms, and its bounds. Defaults fit a local network.</summary>
internal sealed record CoreOptions
{
    public required NodeId Self { get; init; }

    /// <summary>Shortest silence before a campaign; each wait is drawn from [this, 2 × this).</summary>
    public long ElectionTimeoutMs { get; init; } = 1000;

    public long HeartbeatIntervalMs { get; init; } = 100;

    /// <summary>Whether a leader answers reads by its lease where it holds one.</summary>
    public bool LeaseReads { get; init; }

    /// <summary>By how much two nodes' clocks may come apart within an election timeout.</summary>
    public long MaxClockDriftMs { get; init; } = 100;

    /// <summary>Payload bytes in one append; a single larger entry goes alone.</summary>
    public int MaxAppendBytes { get; init; } = 1 << 20;

    public int MaxAppendEntries { get; init; } = 4096;

    /// <summary>Appends to one peer that have no answer yet.</summary>
    public int MaxInflightAppends { get; init; } = 64;

    public long MaxInflightBytes { get; init; } = 8 << 20;

    /// <summary>
    /// Bytes appended and not yet committed, on this disk and applied here before proposals are refused as overloaded;
    /// and bytes committed and not applied before a follower takes no more.
    /// </summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of the log on disk beyond which none of it is kept for a peer that pulls a snapshot.</summary>
    public long MaxPinnedLogBytes { get; init; } = 1L << 30;

    public int MaxEntryBytes { get; init; } = 4 << 20;

    /// <summary>Payload bytes of applied entries kept in memory for peers that are a little behind.</summary>
    public long CachedLogBytes { get; init; } = 32 << 20;

    /// <summary>Payload bytes handed out in one Apply.</summary>
    public int MaxApplyBytes { get; init; } = 4 << 20;

    /// <summary>Entries handed out and not yet reported as applied, at most.</summary>
    public int MaxUnappliedEntries { get; init; } = 16_384;

    /// <summary>Entries a learner may be behind and still be given a vote: what one append carries.</summary>
    public int MaxPromotionLag { get; init; } = 4096;

    /// <summary>Reads that wait for a round, of this node and of others.</summary>
    public int MaxWaitingReads { get; init; } = 4096;
}
