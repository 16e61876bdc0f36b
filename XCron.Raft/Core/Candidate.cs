namespace XCron.Raft.Core;

/// <summary>
/// Asks for votes (Raft §5.2); or, before its term is raised, whether it would get them (PreVote, thesis §9.6), which
/// binds nobody and is written nowhere.
/// </summary>
internal sealed class Candidate : Role
{
    private readonly RaftCore _core;
    private readonly bool _isPreVote;
    private readonly bool _isTransfer;
    private readonly VoteTally _tally;

    public Candidate(RaftCore core, bool isPreVote, bool isTransfer = false)
    {
        _core = core;
        _isPreVote = isPreVote;
        _isTransfer = isTransfer;
        _tally = new VoteTally(core.Membership);
    }

    public override RaftRole Kind => _isPreVote ? RaftRole.PreCandidate : RaftRole.Candidate;

    public override long DeadlineMs => _core.Clock.DeadlineMs;

    private Term CampaignTerm => _isPreVote ? _core.Term.Next : _core.Term;

    /// <summary>Called once, when the role has begun.</summary>
    public void Campaign(long nowMs)
    {
        foreach (var voter in Voters())
        {
            if (voter == _core.Self)
                continue;

            var request = new Message.VoteRequest
            {
                From = _core.Self,
                To = voter,
                Term = CampaignTerm,
                PreVote = _isPreVote,
                LastIndex = _core.Log.LastIndex,
                LastTerm = _core.Log.View.LastTerm,
                Transfer = _isTransfer,
            };
            if (_isPreVote)
                _core.Outbox.Send(request);
            else
                _core.Outbox.SendWhenDurable(request);
        }

        // Its own vote binds, so it counts only once it is on disk.
        if (_isPreVote)
            Count(_core.Self, granted: true, nowMs);
    }

    public override void Tick(long nowMs)
    {
        if (nowMs < _core.Clock.DeadlineMs)
            return;

        if (!_core.CanCampaign)
        {
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
            return;
        }

        // Its requests leave with its own vote: a campaign that the disk still holds back has not begun. Another term
        // would only be another write, and on a disk slower than the timeout nobody would ever be elected.
        if (_isPreVote || _core.IsHardStateDurable)
            _core.BecomePreCandidate(nowMs);
        else
            _core.Clock.Restart(nowMs);
    }

    public override void Step(Message message, long nowMs)
    {
        switch (message)
        {
            case Message.VoteResponse response when response.PreVote == _isPreVote:
                Count(response.From, response.Granted, nowMs);
                break;
            case Message.AppendRequest or Message.Heartbeat or Message.SnapshotOffer:
                // Another one won this term.
                _core.BecomeFollower(_core.Term, message.From, nowMs);
                _core.Role.Step(message, nowMs);
                break;
        }
    }

    public override void OnDurable()
    {
        if (!_isPreVote && _core.IsHardStateDurable)
            Count(_core.Self, granted: true, _core.NowMs);
    }

    public override void ReadIndex(long readId, long nowMs) => _core.Outbox.Add(new Effect.ReadFailed(readId));

    private void Count(NodeId voter, bool granted, long nowMs)
    {
        _tally.Count(voter, granted);
        if (_tally.IsWon && _isPreVote)
            _core.BecomeCandidate(nowMs);
        else if (_tally.IsWon)
            _core.BecomeLeader(nowMs);
        else if (_tally.IsLost)
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
    }

    private IEnumerable<NodeId> Voters() => _core.Membership.Voters.Union(_core.Membership.Outgoing);
}
