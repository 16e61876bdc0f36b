using XCron.Raft.Core;

namespace XCron.Raft.Tests.Simulation;

/// <summary>Rare events that show in what nodes say to each other.</summary>
internal sealed class MessageCoverage(Coverage coverage)
{
    private readonly Dictionary<Term, NodeId> _candidates = [];
    private readonly Dictionary<NodeId, (Term Term, long Round)> _rounds = [];
    private Term _newestLed;

    public void Sent(RaftCore sender, Message message)
    {
        switch (message)
        {
            case Message.VoteRequest { PreVote: false }:
                if (!_candidates.TryAdd(message.Term, message.From) && _candidates[message.Term] != message.From)
                    coverage.Reached(RareEvent.VoteSplit);
                break;
            case Message.VoteResponse { PreVote: false, Granted: true }:
                if (sender.Membership.Find(message.To) is null)
                    coverage.Reached(RareEvent.VoteForStranger);
                break;
            case Message.Heartbeat heartbeat:
                _newestLed = message.Term > _newestLed ? message.Term : _newestLed;
                _rounds[message.From] = (message.Term, heartbeat.Round);
                break;
            case Message.AppendRequest { Entries: [] } append when append.PrevIndex == sender.Log.LastIndex:
                if (IsReplicating(sender, message.To))
                    coverage.Reached(RareEvent.AnswersLostAndFoundOut);
                break;
        }
    }

    public void Arrives(RaftCore at, Message message)
    {
        switch (message)
        {
            case Message.VoteRequest { PreVote: true } request when request.Term > at.Term:
                if (at.Leader != NodeId.None)
                    coverage.Reached(RareEvent.PreVoteRefusedForFreshLeader);
                break;
            case Message.VoteRequest { PreVote: false } request when request.Term >= at.Term:
                JudgeVote(at, request);
                break;
            case Message.VoteResponse { PreVote: true, Granted: false } when message.Term > at.Term:
                coverage.Reached(RareEvent.PreVoteRefusalTaughtTerm);
                break;
            case Message.AppendRequest append when append.Term == at.Term && append.Entries.Length > 0:
                if (append.Entries[^1].Index < at.Log.LastIndex
                    && at.Log.View.Matches(append.Entries[^1].Index, append.Entries[^1].Term))
                {
                    coverage.Reached(RareEvent.LateAppendShortenedNothing);
                }

                break;
            case Message.HeartbeatResponse response when response.Term == at.Term:
                if (_rounds.TryGetValue(at.Self, out var newest) && newest.Term == at.Term
                    && response.Round < newest.Round)
                {
                    coverage.Reached(RareEvent.LateReadAnswer);
                    if (at.Term < _newestLed)
                        coverage.Reached(RareEvent.LateReadAnswerToDeposed);
                }

                break;
            case Message.ReadIndexRequest when at.Role.Kind == RaftRole.Leader:
                if (at.Log.View.TermAt(at.Log.Commit) != at.Term)
                    coverage.Reached(RareEvent.ReadBeforeFirstCommit);
                break;
        }
    }

    private static bool IsReplicating(RaftCore leader, NodeId id)
    {
        foreach (var peer in leader.Peers)
        {
            if (peer.Id == id)
                return peer.State == PeerState.Replicate;
        }

        return false;
    }

    private void JudgeVote(RaftCore at, Message.VoteRequest request)
    {
        var view = at.Log.View;
        var isBehind = request.LastTerm < view.LastTerm
            || (request.LastTerm == view.LastTerm && request.LastIndex < at.Log.LastIndex);
        if (isBehind)
            coverage.Reached(RareEvent.VoteRefusedForItsLog);
        else if (request.Term == at.Term && at.Vote != NodeId.None && at.Vote != request.From)
            coverage.Reached(RareEvent.VoteRefusedAsGivenAway);
    }
}
