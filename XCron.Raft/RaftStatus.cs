using System.Collections.Immutable;

namespace XCron.Raft;

/// <summary>What a node knew of itself and its cluster at one moment; at most some 20 ms old. Immutable.</summary>
public sealed record RaftStatus
{
    /// <summary>The node.</summary>
    public required NodeId Self { get; init; }

    /// <summary>Its part in the term.</summary>
    public required RaftRole Role { get; init; }

    /// <summary>Its term.</summary>
    public required Term Term { get; init; }

    /// <summary>Who leads the term, or <see cref="NodeId.None"/>.</summary>
    public required NodeId Leader { get; init; }

    /// <summary>The last entry known to be committed.</summary>
    public required LogIndex Commit { get; init; }

    /// <summary>The last entry applied to the state machine.</summary>
    public required LogIndex Applied { get; init; }

    /// <summary>The last entry of its log.</summary>
    public required LogIndex LastIndex { get; init; }

    /// <summary>The last entry that is on its disk.</summary>
    public required LogIndex Durable { get; init; }

    /// <summary>The newest snapshot's last entry; 0 before the first.</summary>
    public required LogIndex SnapshotIndex { get; init; }

    /// <summary>
    /// The last entry of the snapshot that this follower pulls from its leader, or restores; 0 where there is none.
    /// What it has applied stands still meanwhile.
    /// </summary>
    public LogIndex InstallingSnapshot { get; init; }

    /// <summary>The configuration in force.</summary>
    public required Membership Membership { get; init; }

    /// <summary>Where that configuration stands in the log; 0 where a node that joins has not received any.</summary>
    public required LogIndex MembershipIndex { get; init; }

    /// <summary>Bytes of the log on disk.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Whether its disk takes what the log wants to write.</summary>
    public required DiskHealth Disk { get; init; }

    /// <summary>Proposals waiting for their outcome.</summary>
    public required int PendingProposals { get; init; }

    /// <summary>A leader's view of its peers; empty elsewhere.</summary>
    public required ImmutableArray<PeerStatus> Peers { get; init; }
}

/// <summary>How far a peer is, as its leader sees it.</summary>
/// <param name="Id">The peer.</param>
/// <param name="Match">The last entry it is known to hold.</param>
/// <param name="SinceContact">Time since it was last heard.</param>
public sealed record PeerStatus(NodeId Id, LogIndex Match, TimeSpan SinceContact)
{
    /// <summary>Whether it follows closely enough to be given a vote.</summary>
    public bool IsCaughtUp { get; init; }
}
