using System.Diagnostics;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Finds the first entry of the log of a node whose directory is empty: asks every peer host in rounds, and decides
/// from the answers of one round. Meanwhile the node answers the same question to the others by its
/// <see cref="PeerIdentity"/>.
/// </summary>
internal sealed class ClusterFormation(
    PeerIdentity identity,
    IPeerDialer dialer,
    PeerOptions options,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace)
{
    private static readonly TimeSpan RemindInterval = TimeSpan.FromMinutes(1);

    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);
    private FormationDecision? _told;
    private long _toldAt;

    /// <summary>
    /// The configuration that is to be the first entry of this node's log: <see cref="Membership.Encode"/> of it gives
    /// the same bytes on every node. Or, where this node is not in it, that of a cluster that is there and must take it
    /// in. Asks until there is one.
    /// </summary>
    /// <exception cref="FormationException">Asking on cannot help.</exception>
    public async Task<Membership> RunAsync(CancellationToken cancellationToken)
    {
        if (identity.PeerHosts.Count == 0)
            return Alone();

        while (true)
        {
            switch (await AskRoundAsync(cancellationToken))
            {
                case FormationDecision.Adopt adopt:
                    trace.ClusterAdopted(adopt.Membership.ClusterId, adopt.Membership);
                    return adopt.Membership;
                case FormationDecision.Form form:
                    trace.ClusterFormed(form.Membership.ClusterId, form.Membership);
                    return form.Membership;
                case FormationDecision.LeftOut leftOut:
                    trace.LeftOutOfCluster(identity.Self, leftOut.Known.ClusterId, leftOut.Address);
                    return leftOut.Known;
                case FormationDecision.Impossible impossible:
                    throw new FormationException(impossible.Why);
                case var undecided:
                    Remind(undecided);
                    break;
            }

            await Task.Delay(_backoff.Next(), timeProvider, cancellationToken);
        }
    }

    private Membership Alone()
    {
        Span<byte> clusterId = stackalloc byte[16];
        random.NextBytes(clusterId);
        var membership = new Membership(new Guid(clusterId), [new Member(identity.Self, identity.Address)]);
        trace.ClusterFormed(membership.ClusterId, membership);
        return membership;
    }

    /// <summary>Decides after each answer: nobody waits for a peer that is down when another has the cluster.</summary>
    private async Task<FormationDecision> AskRoundAsync(CancellationToken cancellationToken)
    {
        var replies = new Dictionary<string, IdentifyReply>(StringComparer.Ordinal);
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = identity.PeerHosts
            .Where(address => address != identity.Address)
            .Select(address => AskAsync(address, round.Token))
            .ToArray();
        var decision = Decide(replies);
        await foreach (var answered in Task.WhenEach(asked))
        {
            var (address, reply) = await answered;
            if (reply is null || IsFinal(decision))
                continue;

            replies[address] = reply;
            decision = Decide(replies);
            if (IsFinal(decision))
                await round.CancelAsync();
        }

        cancellationToken.ThrowIfCancellationRequested();
        return decision;
    }

    private static bool IsFinal(FormationDecision decision) =>
        decision is FormationDecision.Adopt or FormationDecision.Form or FormationDecision.LeftOut
            or FormationDecision.Impossible;

    private FormationDecision Decide(Dictionary<string, IdentifyReply> replies) =>
        FormationDecision.Decide(identity.Self, identity.Address, identity.PeerHosts, replies);

    /// <summary>Null where no answer came in time; never throws but for a defect.</summary>
    private async Task<(string Address, IdentifyReply? Reply)> AskAsync(
        string address, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var request = new IdentifyRequest
        {
            NodeId = identity.Self.Value,
            Address = identity.Address,
            SharedSecret = options.SharedSecret,
        };
        try
        {
            return (address, await dialer.IdentifyAsync(address, request, either.Token));
        }
        catch (PeerCallException failure) when (failure.Refused)
        {
            trace.SecretRefused(address, failure.Message);
            return (address, null);
        }
        catch (Exception failure) when (failure is PeerCallException or OperationCanceledException)
        {
            return (address, null);
        }
    }

    /// <summary>Says at once what it waits for when that is something new in kind, and again once a minute.</summary>
    private void Remind(FormationDecision undecided)
    {
        if (_told?.GetType() == undecided.GetType() && timeProvider.GetElapsedTime(_toldAt) < RemindInterval)
            return;

        _told = undecided;
        _toldAt = timeProvider.GetTimestamp();
        switch (undecided)
        {
            case FormationDecision.Wait wait:
                trace.WaitingForPeers(string.Join(", ", wait.Unheard));
                break;
            case FormationDecision.Disagree disagree:
                trace.PeersDisagree(disagree.Why);
                break;
            default:
                throw new UnreachableException("every other decision ends the asking");
        }
    }
}
