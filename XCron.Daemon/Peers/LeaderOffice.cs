using System.Diagnostics;
using XCron.Daemon.State;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>Carries out, on the leader, what is asked of the cluster itself.</summary>
internal sealed class LeaderOffice(
    IMemberAccess raft,
    IPeerDialer dialer,
    PeerOptions options,
    TimeProvider timeProvider,
    ITaskReader? tasks = null,
    MemberDirectory? members = null)
{
    private readonly Removals _removals = new(raft, options, timeProvider, tasks, members);

    /// <summary>On a node that does not lead, the answer is just that.</summary>
    public async Task<MemberReply> CarryOutAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        if (!raft.IsLeader)
            return MemberReplies.NotLeader;

        return request.Action switch
        {
            MemberRequest.Types.Action.Add => await AddAsync(request.Host, cancellationToken),
            MemberRequest.Types.Action.Vouch => await VouchAsync(request, cancellationToken),
            MemberRequest.Types.Action.TakeIn => await TakeInAsync(request, cancellationToken),
            MemberRequest.Types.Action.Remove => await _removals.RemoveAsync(request.Host, cancellationToken),
            MemberRequest.Types.Action.TransferLeader => await TransferAsync(request.Host, cancellationToken),
            _ => MemberReplies.Refused("this version does not know that change of the cluster"),
        };
    }

    private async Task<MemberReply> AddAsync(string host, CancellationToken cancellationToken)
    {
        var (node, unheard) = await AskWhoAsync(host, cancellationToken);
        if (node is null)
            return unheard!;

        if (node.Address != host)
            return MemberReplies.Refused($"{host} calls itself {node.Address}; must be added by that address");
        if (!node.ClusterId.IsEmpty && new Guid(node.ClusterId.Span) != raft.Membership.ClusterId)
        {
            return MemberReplies.Refused(
                $"{host} belongs to another cluster; a node that is to be taken in starts with an empty raft_dir and "
                + "[peer] join naming a node of this one");
        }

        if (OldSide(node) is { } refusal)
            return MemberReplies.Refused($"{host}: {refusal}");

        _removals.Removed.Forget(new NodeId(node.NodeId));
        return await EnterAsync(new NodeId(node.NodeId), host, cancellationToken);
    }

    /// <summary>Why a node that has data of this cluster is not added, where that is of another epoch.</summary>
    private string? OldSide(IdentifyReply node)
    {
        try
        {
            return node.ClusterId.IsEmpty ? null : Epochs.Refusal(KnownMembership.EpochOf(node), raft.Epoch);
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            return $"its membership is one that this version cannot read: {damage.Message}";
        }
    }

    private async Task<MemberReply> TakeInAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        if (request.ClusterId.Length != 16 || new Guid(request.ClusterId.Span) != raft.Membership.ClusterId)
            return MemberReplies.Refused("it asks to be taken into another cluster than this one");
        if (Epochs.Refusal(request.Epoch, raft.Epoch) is { } refusal)
            return MemberReplies.Refused(refusal);

        if (request.NodeId == 0)
            return MemberReplies.Refused("it has no id");

        // It may have asked before it was removed, or not know yet that it had been taken in.
        return _removals.Removed.Contains(new NodeId(request.NodeId))
            ? MemberReplies.Refused("it was removed a while ago; addPeer takes it in again")
            : await EnterAsync(new NodeId(request.NodeId), request.Host, cancellationToken);
    }

    /// <summary>
    /// Says that the cluster has all that was acknowledged without the asker: what it holds is not needed. The leader
    /// has it (Raft §5.4), a majority confirms that it leads, and a majority without the asker has it on disk.
    /// </summary>
    private async Task<MemberReply> VouchAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        if (!request.ClusterId.IsEmpty && new Guid(request.ClusterId.Span) != raft.Membership.ClusterId)
            return MemberReplies.Refused("its data is of another cluster than this one");
        if (Epochs.Refusal(request.Epoch, raft.Epoch) is { } refusal)
            return MemberReplies.Refused(refusal);

        var known = raft.Membership;
        var asker = request.NodeId == 0 ? known.FindAt(request.Host) : known.Find(new NodeId(request.NodeId));
        if (asker is null)
        {
            return MemberReplies.Refused(
                $"{known.NoMember(request.Host)}; it was removed, or another took its place. What its data holds was "
                + "with a majority then; set it aside (xcron_server recover --rejoin) to join as a new node");
        }

        if (asker.Address != request.Host)
            return MemberReplies.Refused($"node {asker.Id} is known at {asker.Address}, not at {request.Host}");
        if (WasHeard(asker))
            return MemberReplies.Refused($"node {asker.Id} was heard from {request.Host} a moment ago");

        return await raft.ReadBarrierAsync(cancellationToken) && raft.IsCompleteWithout(asker.Id) && raft.IsLeader
            ? MemberReplies.Vouched(raft.Membership, raft.Epoch)
            : MemberReplies.NotLeader;
    }

    private bool WasHeard(Member member) => member.Id == raft.Self
        || (raft.SilentFor(member.Id) is { } silent && silent < options.OwnerTimeout);

    /// <summary>Who answers at a host, or the refusal where nobody does.</summary>
    private async Task<(IdentifyReply? Node, MemberReply? Refusal)> AskWhoAsync(
        string host, CancellationToken cancellationToken)
    {
        try
        {
            using var late = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            var question = new IdentifyRequest
            {
                NodeId = raft.Self.Value, Address = options.Address, SharedSecret = options.SharedSecret,
            };
            return (await dialer.IdentifyAsync(host, question, either.Token), null);
        }
        catch (PeerCallException failure)
        {
            return (null, MemberReplies.Refused($"{host} cannot be asked who it is: {failure.Message}"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, MemberReplies.Refused($"{host} did not say in time who it is; is it running?"));
        }
    }

    /// <summary>
    /// A member says that it is elsewhere. Only where it answers there: an address that it found wrongly for itself
    /// must not take the place of one by which it is reached. Of its own the leader knows best itself.
    /// </summary>
    private async Task<MemberReply> MoveAsync(Member moved, CancellationToken cancellationToken)
    {
        if (moved.Id != raft.Self)
        {
            var (node, unheard) = await AskWhoAsync(moved.Address, cancellationToken);
            if (node is null)
                return unheard!;
            if (node.NodeId != moved.Id.Value)
                return MemberReplies.Refused($"{moved.Address} is node {new NodeId(node.NodeId)}, not {moved.Id}");
        }

        return MemberReplies.Of(await raft.AddLearnerAsync(moved, cancellationToken));
    }

    private async Task<MemberReply> EnterAsync(NodeId id, string host, CancellationToken cancellationToken)
    {
        var learner = new Member(id, host, Suffrage.Learner);
        var known = raft.Membership.Find(id);
        if (known is not null && known.Address == host)
            return MemberReplies.Done;

        // Two nodes cannot have one address: whoever had it lost its directory, and with it its identity.
        var former = raft.Membership.FindAt(host);
        if (known is not null)
            return await MoveAsync(learner, cancellationToken);
        if (former is null)
            return MemberReplies.Of(await raft.AddLearnerAsync(learner, cancellationToken));
        if (WasHeard(former))
            return MemberReplies.Refused($"node {former.Id} was heard from {host} a moment ago");

        return MemberReplies.Of(await raft.ReplaceAsync(former.Id, learner, cancellationToken));
    }

    private async Task<MemberReply> TransferAsync(string host, CancellationToken cancellationToken)
    {
        if (raft.Membership.FindAt(host) is not { } member)
            return MemberReplies.Refused(raft.Membership.NoMember(host));

        return await raft.TransferLeadershipAsync(member.Id, cancellationToken) switch
        {
            TransferOutcome.Transferred => MemberReplies.Done,
            TransferOutcome.Refused { Reason: TransferRefusal.AlreadyLeader } => MemberReplies.Done,
            TransferOutcome.Refused { Reason: TransferRefusal.NotVoter } =>
                MemberReplies.Refused($"{host} does not vote, so it cannot lead"),
            TransferOutcome.Refused { Reason: TransferRefusal.InProgress } =>
                MemberReplies.Refused("leadership is being handed to another node"),
            TransferOutcome.Refused => MemberReplies.NotLeader,
            TransferOutcome.Failed => MemberReplies.Refused($"{host} did not take over within an election timeout"),
            var outcome => throw new UnreachableException($"No outcome: {outcome}."),
        };
    }
}
