using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Sees to it that a delete is answered only when no attempt of the task can start any more. A node that was granted
/// one may not have applied the delete yet; once it has, its last look finds no task. One that does not say so is cut
/// off, and then its fence lets nothing out that was claimed over half an owner timeout ago.
/// </summary>
internal sealed class CallersNotice(
    IRaftAccess raft, IPeerDialer dialer, PeerOptions options, TimeProvider timeProvider)
{
    /// <summary>Returns at the latest after half the owner timeout.</summary>
    /// <param name="callers">The nodes whose attempts were on their way when the task was deleted.</param>
    /// <param name="cancellationToken">Abandons the wait.</param>
    public async Task WaitAsync(IReadOnlyList<NodeId> callers, CancellationToken cancellationToken)
    {
        using var fence = new CancellationTokenSource(options.OwnerTimeout / 2, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(fence.Token, cancellationToken);
        await Task.WhenAll(callers.Select(caller => WaitForAsync(caller, either.Token)));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task WaitForAsync(NodeId caller, CancellationToken cancellationToken)
    {
        try
        {
            while (!await HasCaughtUpAsync(caller, cancellationToken))
                await Task.Delay(options.LeastBackoff, timeProvider, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // By now its fence holds it back; or nobody waits for the answer any more.
        }
    }

    private async Task<bool> HasCaughtUpAsync(NodeId caller, CancellationToken cancellationToken)
    {
        if (caller == raft.Self)
            return await raft.ReadBarrierAsync(cancellationToken);
        if (raft.Membership.Find(caller) is not { } member)
            return false;

        try
        {
            var request = new CatchUpRequest { SharedSecret = options.SharedSecret };
            await dialer.CatchUpAsync(member.Address, request, cancellationToken);
            return true;
        }
        catch (PeerCallException)
        {
            return false;
        }
    }
}
