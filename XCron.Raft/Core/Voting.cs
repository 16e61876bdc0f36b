namespace XCron.Raft.Core;

/// <summary>Whom a node votes for (Raft §5.2, §5.4.1; thesis §4.2.3, §9.6).</summary>
internal sealed class Voting(RaftCore core)
{
    /// <summary>A query that binds nobody: nothing is written and no timer restarts.</summary>
    public void AnswerPreVote(Message.VoteRequest request, long nowMs)
    {
        var granted = request.Term > core.Term && !IsLeaderFresh(nowMs) && IsUpToDate(request);

        // A refusal carries the own term: one that lags behind learns it, or nobody could ever win (etcd 8243).
        core.Outbox.Send(new Message.VoteResponse
        {
            From = core.Self,
            To = request.From,
            Term = granted ? request.Term : core.Term,
            PreVote = true,
            Granted = granted,
        });
    }

    /// <summary>A leader was heard a moment ago: nobody helps to depose it, unless it wants that itself, and no term
    /// rises.</summary>
    public bool IsDisruptive(Message.VoteRequest request, long nowMs) =>
        request.Term > core.Term && !request.Transfer && IsLeaderFresh(nowMs);

    /// <summary>The request is of the node's own term. Also one who is not in this configuration may be voted for:
    /// the own one may be old (thesis §4.2.2).</summary>
    public void AnswerVote(Message.VoteRequest request, long nowMs)
    {
        // A leader that was heard holds it also where the term rose by other means than a vote request. A vote that
        // was given once is only said again.
        var isBound = !request.Transfer && IsLeaderFresh(nowMs);
        var isFree = core.Vote == NodeId.None
            ? core.Leader == NodeId.None && !isBound
            : core.Vote == request.From;
        var granted = isFree && IsUpToDate(request);
        if (granted)
        {
            // Whoever gives its vote away no longer asks for votes itself.
            core.VoteFor(request.From);
            if (core.Role.Kind == RaftRole.PreCandidate)
                core.BecomeFollower(core.Term, NodeId.None, nowMs);
            else
                core.Clock.Restart(nowMs);
        }

        core.Outbox.SendWhenDurable(new Message.VoteResponse
        {
            From = core.Self, To = request.From, Term = core.Term, PreVote = false, Granted = granted,
        });
    }

    private bool IsLeaderFresh(long nowMs) =>
        core.Role.Kind == RaftRole.Leader || core.Clock.IsLeaderFresh(nowMs);

    private bool IsUpToDate(Message.VoteRequest request)
    {
        var lastTerm = core.Log.View.LastTerm;
        return request.LastTerm > lastTerm
            || (request.LastTerm == lastTerm && request.LastIndex >= core.Log.LastIndex);
    }
}
