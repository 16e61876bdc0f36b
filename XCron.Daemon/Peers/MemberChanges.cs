using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// The entrance for changes of the cluster itself, on whichever node they are asked for: brings each to whoever leads,
/// until it is complete there or the request timeout is over. Thread-safe; never throws for the state of the cluster.
/// </summary>
internal sealed class MemberChanges(
    IMemberAccess raft,
    IPeerDialer dialer,
    PeerOptions options,
    TimeProvider timeProvider,
    ITaskReader? tasks = null,
    MemberDirectory? members = null)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly LeaderOffice _office = new(raft, dialer, options, timeProvider, tasks, members);

    /// <param name="action">What is to be done.</param>
    /// <param name="host">With whom, "host:port" as its peers reach it.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<MemberAnswer> ChangeAsync(MemberAction action, string host, CancellationToken cancellationToken)
    {
        var request = new MemberRequest
        {
            SharedSecret = options.SharedSecret,
            Host = host,
            Action = action switch
            {
                MemberAction.Add => MemberRequest.Types.Action.Add,
                MemberAction.Remove => MemberRequest.Types.Action.Remove,
                _ => MemberRequest.Types.Action.TransferLeader,
            },
        };
        return SubmitAsync(request, cancellationToken);
    }

    /// <summary>What another node asks; one that was passed on already is not passed on again.</summary>
    public async Task<MemberReply> AnswerAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        if (request.Forwarded)
            return await _office.CarryOutAsync(request, cancellationToken);

        if (request.Action == MemberRequest.Types.Action.Vouch)
            return await AskLeaderAsync(request, cancellationToken); // the asker asks again, and wants all of the reply

        var answer = await SubmitAsync(request, cancellationToken);
        return answer switch
        {
            MemberAnswer.Done => MemberReplies.Done,
            MemberAnswer.Refused refused => MemberReplies.Refused(refused.Why),
            MemberAnswer.NoLeader => MemberReplies.NotLeader,
            _ => new MemberReply { Status = MemberReply.Types.Status.Unknown },
        };
    }

    private async Task<MemberAnswer> SubmitAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(options.RequestTimeout, timeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var isUnderWay = false;
        try
        {
            while (true)
            {
                isUnderWay = true;
                var reply = await AskLeaderAsync(request, ending.Token);
                isUnderWay = false;
                if (MemberReplies.Read(reply) is { } answer)
                    return answer;

                await Task.Delay(RetryDelay, timeProvider, ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return isUnderWay ? new MemberAnswer.Unknown() : new MemberAnswer.NoLeader();
        }
    }

    private async Task<MemberReply> AskLeaderAsync(MemberRequest request, CancellationToken cancellationToken)
    {
        if (raft.IsLeader)
            return await _office.CarryOutAsync(request, cancellationToken);

        var leader = raft.Leader;
        if (leader == NodeId.None || raft.Membership.Find(leader) is not { } member)
            return MemberReplies.NotLeader;

        var passedOn = request.Clone();
        passedOn.Forwarded = true;
        passedOn.SharedSecret = options.SharedSecret;
        try
        {
            return await dialer.ChangeMembersAsync(member.Address, passedOn, cancellationToken);
        }
        catch (PeerCallException)
        {
            // Every change here may be asked for twice: what was done is done, and said to be.
            return MemberReplies.NotLeader;
        }
    }
}
