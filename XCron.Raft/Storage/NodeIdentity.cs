namespace XCron.Raft.Storage;

/// <summary>Who a data directory belongs to. Made once with the directory; never the node's address.</summary>
internal sealed record NodeIdentity
{
    /// <summary>The node's id; random.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The cluster it was formed with or taken into; empty before that, and from then on for good.</summary>
    public Guid ClusterId { get; init; }

    /// <summary>The membership the cluster began with, encoded; empty before that.</summary>
    public ReadOnlyMemory<byte> InitialMembership { get; init; }

    /// <summary>
    /// Whether its log was begun: from then on a directory without one has lost it. False in what an older version
    /// wrote, until the node starts.
    /// </summary>
    public bool HasLog { get; init; }

    /// <summary>Whether the node belongs to a cluster.</summary>
    public bool IsFormed => ClusterId != Guid.Empty;
}
