using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>What a transport needs of the node it serves. Thread-safe; nothing here blocks.</summary>
internal interface IRaftTransportHost
{
    NodeId Self { get; }

    Guid ClusterId { get; }

    /// <summary>How often the cluster was recovered from a lost quorum, as far as this node ever knew.</summary>
    long Epoch { get; }

    /// <summary>A node of this cluster is of a newer epoch: this one is of a side that was given up.</summary>
    void Superseded(long epoch);

    /// <summary>Takes a message from a peer; drops it when too many wait (Raft tolerates loss).</summary>
    void Deliver(Message message);

    /// <summary>A stream to this peer broke: what was sent on it may be lost.</summary>
    void PeerDisconnected(NodeId peer);

    /// <summary>Opens the raw bytes of a snapshot for a peer; null where it is not (any more) here.</summary>
    SnapshotSource? OpenSnapshot(LogIndex index, Term entryTerm);
}

/// <summary>Receives a snapshot's bytes, in order. Called by one thread at a time; may block on the disk.</summary>
internal interface ISnapshotSink
{
    /// <returns>False when no more is wanted.</returns>
    bool Chunk(long offset, long totalBytes, ReadOnlySpan<byte> content);

    /// <summary>The stream ended or broke; called exactly once, after the last chunk.</summary>
    void Ended();
}
