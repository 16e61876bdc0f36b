using Google.Protobuf;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// What a member does whose data is damaged: it runs no node of the log, so that it neither votes nor acknowledges, and
/// asks the others until the leader of its cluster vouches for the rest: this node is known there, and a majority
/// without it has just confirmed the leader. All that was ever acknowledged is then with that majority, and the damaged
/// files may be set aside. Where there is no such majority they are all there is, and stay.
/// </summary>
/// <param name="self">Whose files they are; <see cref="NodeId.None"/> where that cannot be read any more.</param>
/// <param name="clusterId">Which cluster's; null where that cannot be read any more.</param>
/// <param name="epoch">Of the files.</param>
/// <param name="hosts">Whom to ask.</param>
/// <param name="dialer">How.</param>
/// <param name="options">The address at which the others know this node, and how long they may take.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="random">Spreads the asking.</param>
/// <param name="trace">Where it says what it waits for.</param>
internal sealed class Quarantine(
    NodeId self,
    Guid? clusterId,
    long epoch,
    IReadOnlyList<string> hosts,
    IPeerDialer dialer,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace)
{
    private readonly AskAround _asking = new(
        [.. hosts.Where(address => address != options.Address)],
        options.ConnectTimeout + options.RequestTimeout,
        options,
        timeProvider,
        random,
        trace.NotVouchedFor);

    /// <summary>Why it is not over, in words. Any thread.</summary>
    public string WaitsFor => _asking.Heard;

    /// <summary>Returns the membership as the leader told it.</summary>
    public Task<Membership> RunAsync(CancellationToken stopping) => _asking.RunAsync(AskAsync, stopping);

    private async Task<HostAnswer> AskAsync(string address, CancellationToken cancellationToken)
    {
        var request = new MemberRequest
        {
            SharedSecret = options.SharedSecret,
            Action = MemberRequest.Types.Action.Vouch,
            Host = options.Address,
            NodeId = self.Value,
            Epoch = epoch,
        };
        if (clusterId is { } cluster)
            request.ClusterId = UnsafeByteOperations.UnsafeWrap(cluster.ToByteArray());
        var reply = await dialer.ChangeMembersAsync(address, request, cancellationToken);
        return reply.Status switch
        {
            MemberReply.Types.Status.Done => Judge(Membership.Decode(reply.Membership.Span)),
            MemberReply.Types.Status.Refused => HostAnswer.Not(reply.Message),
            _ => HostAnswer.Not("nobody leads"),
        };
    }

    private HostAnswer Judge(Membership told) =>
        (clusterId is null || told.ClusterId == clusterId) && told.Epoch >= epoch
            ? HostAnswer.Of(told)
            : HostAnswer.Not($"it is of cluster {told.ClusterId}, epoch {told.Epoch}");
}
