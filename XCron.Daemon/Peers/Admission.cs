using Google.Protobuf;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Sees to it that a node which was never a member asks to become one, that a member whose address is another than in
/// the log has it changed there, and that one which was removed is told so and does not come back by itself: its
/// operator wanted it gone.
/// </summary>
internal sealed class Admission(
    IMemberAccess raft,
    IPeerDialer dialer,
    PeerOptions options,
    IReadOnlyList<string> hosts,
    TimeProvider timeProvider,
    Random random,
    PeersTrace trace,
    Func<MemberRequest, CancellationToken, Task<MemberReply>>? askHere = null)
{
    private readonly Backoff _backoff = new(options.LeastBackoff, options.MostBackoff, random);
    private string? _told;
    private bool _isMoveTold;

    /// <param name="wasMember">Whether a cluster had taken it in before this process was started.</param>
    /// <param name="noteTakenIn">
    /// Makes durable that one has; false where it could not, then it is called again.
    /// </param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(bool wasMember, Func<bool> noteTakenIn, CancellationToken stopping)
    {
        var changed = new Pulse();
        raft.Changed += changed.Set;
        try
        {
            var isTold = false;
            var isNoted = wasMember;
            while (!stopping.IsCancellationRequested)
            {
                var next = changed.Next;
                var own = raft.CommittedMembership?.Find(raft.Self);
                var isMember = own is not null;
                var hasMoved = own is not null && own.Address != options.Address;
                var isAsking = !isMember && !wasMember;
                if (hasMoved)
                    await TellOfMoveAsync(own!, stopping);
                else if (isAsking)
                    await AskAsync(stopping);
                else if (!isMember && !isTold && raft.CommittedMembership is { } others)
                    trace.Removed(raft.Self, others);
                isTold = !isMember && !isAsking && raft.CommittedMembership is not null;
                wasMember |= isMember;
                isNoted = isNoted || (isMember && noteTakenIn());

                // Until a change that may yet be undone is committed nothing tells of it but another look.
                var mustLook = isAsking || hasMoved || (wasMember && !isNoted) || raft.CommittedMembership is null;
                await Pulse.WaitAsync(
                    next, mustLook ? _backoff.Next() : Timeout.InfiniteTimeSpan, timeProvider, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            raft.Changed -= changed.Set;
        }
    }

    /// <summary>
    /// By this node's own entrance, which finds the leader, or is it. An ordinary change of the members, which keeps
    /// its vote; where another change is under way it is asked for again.
    /// </summary>
    private async Task TellOfMoveAsync(Member own, CancellationToken stopping)
    {
        if (askHere is null)
            return;
        if (!_isMoveTold)
            trace.OwnAddressChanged(options.Address, own.Address);
        _isMoveTold = true;
        var reply = await askHere(Request(), stopping);
        if (reply.Status == MemberReply.Types.Status.Refused)
            Tell(options.Address, reply.Message);
    }

    /// <summary>Asks one after the other until one says that it is done: any member passes it to the leader.</summary>
    public async Task AskAsync(CancellationToken stopping)
    {
        var request = Request();
        var known = raft.Membership.Members.Select(member => member.Address);
        foreach (var address in known.Concat(hosts).Distinct().Where(address => address != options.Address))
        {
            using var late = new CancellationTokenSource(options.ConnectTimeout + options.RequestTimeout, timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
            try
            {
                var reply = await dialer.ChangeMembersAsync(address, request, either.Token);
                if (reply.Status == MemberReply.Types.Status.Done)
                    return;

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
        }
    }

    private MemberRequest Request() => new()
    {
        SharedSecret = options.SharedSecret,
        Action = MemberRequest.Types.Action.TakeIn,
        Host = options.Address,
        NodeId = raft.Self.Value,
        Epoch = raft.Epoch,
        ClusterId = UnsafeByteOperations.UnsafeWrap(raft.Membership.ClusterId.ToByteArray()),
    };

    private void Tell(string address, string why)
    {
        if (_told == why)
            return;

        _told = why;
        trace.NotTakenIn(address, why);
    }
}
