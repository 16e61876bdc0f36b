using XCron.Raft;

namespace XCron.Daemon.Commands;

/// <summary>
/// The one entrance for everything that changes a task, on whichever node it arrives. Thread-safe.
/// </summary>
internal interface ICommandGateway
{
    /// <summary>
    /// Passes an encoded TaskCommand to the leader and waits until it is committed and applied there. Retries by itself
    /// only what was certainly not applied (no leader yet), until the token is cancelled or the request timeout is
    /// over. Never throws for the state of the cluster.
    /// </summary>
    ValueTask<ProposeOutcome> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken);

    /// <summary>
    /// Returns true once this node has applied every write acknowledged anywhere before the call; false if that could
    /// not be had within the request timeout.
    /// </summary>
    ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken);
}
