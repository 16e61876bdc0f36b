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
    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);
    private readonly Dictionary<string, string> _said = []; // by address, as many as hosts
    private volatile string _waitsFor = "Nobody was asked yet."; // written by the asking, read by the monitor

    /// <summary>Why it is not over, in words. Any thread.</summary>
    public string WaitsFor => _waitsFor;

    /// <summary>Returns the membership as the leader told it.</summary>
    public async Task<Membership> RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            foreach (var address in hosts.Where(address => address != options.Address))
            {
                if (await AskAsync(address, stopping) is { } vouched)
                    return vouched;
            }

            await Task.Delay(_backoff.Next(), timeProvider, stopping);
        }
    }

    private async Task<Membership?> AskAsync(string address, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout + options.RequestTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
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
        try
        {
            var reply = await dialer.ChangeMembersAsync(address, request, either.Token);
            if (reply.Status == MemberReply.Types.Status.Done)
                return Read(address, reply);

            Tell(address, reply.Status == MemberReply.Types.Status.Refused ? reply.Message : "nobody leads");
        }
        catch (PeerCallException failure)
        {
            Tell(address, failure.Message);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Tell(address, "no answer");
        }

        return null;
    }

    private Membership? Read(string address, MemberReply reply)
    {
        try
        {
            var membership = Membership.Decode(reply.Membership.Span);
            if ((clusterId is null || membership.ClusterId == clusterId) && membership.Epoch >= epoch)
                return membership;

            Tell(address, $"it is of cluster {membership.ClusterId}, epoch {membership.Epoch}");
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            Tell(address, $"its cluster is one that this version cannot read: {damage.Message}");
        }

        return null;
    }

    private void Tell(string address, string why)
    {
        if (_said.GetValueOrDefault(address) == why)
            return;

        _said[address] = why;
        _waitsFor = string.Join("; ", hosts.Where(_said.ContainsKey).Select(host => $"{host} says: {_said[host]}"));
        trace.NotVouchedFor(address, why);
    }
}
