using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Looks for members that are not heard at the hosts that the configuration names and the log does not: where addresses
/// have changed, one or all at once, that is where they are. Whoever of this cluster answers there is spoken to there,
/// so that there is a leader again, and then tells its new address itself (<see cref="Admission"/>).
/// </summary>
internal sealed class MemberSearch(
    IRaftAccess raft,
    IPeerDialer dialer,
    MemberDirectory members,
    AddressBook addresses,
    IReadOnlyList<string> hosts,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace)
{
    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await LookAsync(stopping);
                await Task.Delay(_backoff.Next(), timeProvider, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>Asks, once, at every host where a missing member may be.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var membership = raft.Membership;
        var isAnybodyMissing = membership.Members.Any(
            member => member.Id != raft.Self && (members.Find(member.Id) is null || members.IsSilent(member.Id)));
        if (!isAnybodyMissing)
            return;

        var strange = hosts.Where(
            host => host != options.Address && membership.Members.All(member => member.Address != host));
        await Task.WhenAll(strange.Select(host => AskAsync(host, membership, cancellationToken)));
    }

    private async Task AskAsync(string host, Membership membership, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var request = new IdentifyRequest
        {
            NodeId = raft.Self.Value, Address = options.Address, SharedSecret = options.SharedSecret,
        };
        try
        {
            var reply = await dialer.IdentifyAsync(host, request, either.Token);
            var isOurs = reply.ClusterId.Length == 16 && new Guid(reply.ClusterId.Span) == membership.ClusterId;
            if (isOurs && membership.Find(new NodeId(reply.NodeId)) is { } member && member.Id != raft.Self
                && addresses.Found(member, host, membership))
            {
                trace.MemberFound(member.Id, member.Address, host);
            }
        }
        catch (PeerCallException failure) when (failure.Refused)
        {
            trace.SecretRefused(host, failure.Message);
        }
        catch (PeerCallException)
        {
            // Nobody there yet; it is asked again.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // No answer in time, which is the same.
        }
    }
}
