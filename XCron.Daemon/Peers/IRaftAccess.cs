using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>As much of the local Raft node as is needed here. Thread-safe; reading a property never waits.</summary>
internal interface IRaftAccess
{
    NodeId Self { get; }

    /// <summary>Who leads as far as this node knows; <see cref="NodeId.None"/> where it knows of nobody.</summary>
    NodeId Leader { get; }

    bool IsLeader { get; }

    Term Term { get; }

    /// <summary>How far this node has applied the log; may be some 20 ms old.</summary>
    LogIndex Applied { get; }

    /// <summary>The configuration in force.</summary>
    Membership Membership { get; }

    /// <summary>How often the cluster was recovered from a lost quorum, as far as this node ever knew.</summary>
    long Epoch { get; }

    /// <summary>
    /// Raised after leader, role, term or membership changed; the properties show the new values already. Handlers
    /// return at once.
    /// </summary>
    event Action? Changed;

    /// <summary>
    /// Proposes on this node only. Cancelling abandons the wait, not the command, and may throw
    /// <see cref="OperationCanceledException"/>. The command's bytes must not change any more.
    /// </summary>
    ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken);

    /// <summary>A linearizable read on any node; false when it could not be had. May throw when cancelled.</summary>
    ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken);
}
