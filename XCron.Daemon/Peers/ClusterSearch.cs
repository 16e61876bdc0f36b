using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Finds the cluster that a fresh node was told to join, by asking the hosts named until one belongs to it.
/// </summary>
internal sealed class ClusterSearch(
    PeerIdentity identity,
    IReadOnlyList<string> hosts,
    IPeerDialer dialer,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace)
{
    /// <summary>The cluster's membership as somebody there knows it, without this node.</summary>
    public Task<Membership> RunAsync(CancellationToken stopping) =>
        new AskAround(
            [.. hosts.Where(address => address != identity.Address)],
            options.ConnectTimeout,
            options,
            timeProvider,
            random,
            trace.NoClusterYet).RunAsync(AskAsync, stopping);

    private async Task<HostAnswer> AskAsync(string address, CancellationToken cancellationToken)
    {
        var request = new IdentifyRequest
        {
            NodeId = identity.Self.Value, Address = identity.Address, SharedSecret = options.SharedSecret,
        };
        var reply = await dialer.IdentifyAsync(address, request, cancellationToken);
        if (KnownMembership.Read(reply, identity.Self) is not { } known)
            return HostAnswer.Not("it belongs to no cluster yet");

        trace.ClusterFound(known.ClusterId, address, known);
        return HostAnswer.Of(known);
    }
}
