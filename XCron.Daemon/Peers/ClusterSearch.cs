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
    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);
    private string? _told;

    /// <summary>The cluster's membership as somebody there knows it, without this node.</summary>
    public async Task<Membership> RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var address in hosts.Where(address => address != identity.Address))
            {
                if (await AskAsync(address, cancellationToken) is { } found)
                    return found;
            }

            await Task.Delay(_backoff.Next(), timeProvider, cancellationToken);
        }
    }

    private async Task<Membership?> AskAsync(string address, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var request = new IdentifyRequest
        {
            NodeId = identity.Self.Value, Address = identity.Address, SharedSecret = options.SharedSecret,
        };
        try
        {
            var reply = await dialer.IdentifyAsync(address, request, either.Token);
            if (KnownMembership.Read(reply, identity.Self) is { } known)
            {
                trace.ClusterFound(known.ClusterId, address, known);
                return known;
            }

            Tell(address, "it belongs to no cluster yet");
        }
        catch (PeerCallException failure)
        {
            Tell(address, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Tell(address, "no answer");
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            Tell(address, $"its cluster is one that this version cannot read: {damage.Message}");
        }

        return null;
    }

    private void Tell(string address, string why)
    {
        if (_told == why)
            return;

        _told = why;
        trace.NoClusterYet(address, why);
    }
}
