using XCron.Raft.Storage;

namespace XCron.Raft;

/// <summary>
/// What a data directory holds, as far as it can be read, so that those of several survivors can be compared: the one
/// with the highest <see cref="LastTerm"/>, and of those the highest <see cref="LastIndex"/>, has the most. Immutable.
/// </summary>
public sealed class RaftDirectoryReport
{
    internal RaftDirectoryReport(DirectoryFindings findings)
    {
        NodeId = findings.Identity?.Node ?? findings.Owner?.Node ?? NodeId.None;
        Membership = findings.Membership;
        ClusterId = findings.Owner?.ClusterId;
        Epoch = EpochOf(findings);
        Term = findings.HardState.Term;
        LastIndex = findings.Last;
        LastTerm = findings.LastTerm;
        Commit = findings.Commit;
        SnapshotIndex = findings.Snapshot?.Index ?? LogIndex.Zero;
        DurableIndex = LogIndex.Max(findings.Promised, findings.Last);
        Damage = findings.Damage;
    }

    /// <summary>The node's id; <see cref="NodeId.None"/> where none can be read.</summary>
    public NodeId NodeId { get; }

    /// <summary>Which cluster it belongs to; null: none, or it cannot be read.</summary>
    public Guid? ClusterId { get; }

    /// <summary>How often the cluster was recovered from a lost quorum; 0: never.</summary>
    public long Epoch { get; }

    /// <summary>The newest term the node has seen.</summary>
    public Term Term { get; }

    /// <summary>The last entry that can be read, by the log or by a snapshot.</summary>
    public LogIndex LastIndex { get; }

    /// <summary>That entry's term.</summary>
    public Term LastTerm { get; }

    /// <summary>
    /// Known to be committed. What follows may have been acknowledged or not: this node had not heard of it yet.
    /// </summary>
    public LogIndex Commit { get; }

    /// <summary>Where the newest whole snapshot ends; zero: there is none.</summary>
    public LogIndex SnapshotIndex { get; }

    /// <summary>
    /// How far the log is known to have been durable. Entries from behind <see cref="LastIndex"/> up to here are lost
    /// in this directory, and where it is damaged perhaps some behind it.
    /// </summary>
    public LogIndex DurableIndex { get; }

    /// <summary>The newest configuration that can be read; null: none.</summary>
    public Membership? Membership { get; }

    /// <summary>What is damaged, in the order in which it was found; empty: nothing.</summary>
    public IReadOnlyList<LogDamagedException> Damage { get; }

    internal static long EpochOf(DirectoryFindings findings)
    {
        var formedWith = findings.Identity is { IsFormed: true } identity
            ? Membership.Decode(identity.InitialMembership.Span).Epoch
            : 0;
        return Math.Max(formedWith, findings.Membership?.Epoch ?? 0);
    }
}
