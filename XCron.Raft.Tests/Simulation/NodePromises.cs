using XCron.Raft.Core;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// What one machine has told others, or counted itself, and must therefore still know after any restart: its term, its
/// vote, and the entries it acknowledged (Raft figure 2: persist before you answer).
/// </summary>
internal sealed class NodePromises
{
    private Term _term;
    private (Term Term, NodeId For) _vote;
    private (LogIndex Index, Term Term) _held;

    /// <summary>A message left the machine.</summary>
    public void Spoke(Message message, RaftCore core)
    {
        if (message is Message.VoteRequest { PreVote: true } or Message.VoteResponse { PreVote: true, Granted: true })
            return; // carry a term that nobody has entered

        _term = Max(_term, message.Term);
        if (message is Message.VoteRequest)
            Vote(message.Term, message.From);
        if (message is Message.VoteResponse { Granted: true })
            Vote(message.Term, message.To);
        if (message is Message.AppendResponse { Accepted: true } accepted && accepted.Match > _held.Index)
            Hold(core, accepted.Match);
    }

    /// <summary>To be called after every step: what a later leader has replaced is owed no more.</summary>
    public void Follow(RaftCore core)
    {
        if (_held.Index > core.Log.LastIndex || !IsHeld(core))
            _held = default;
        if (core.Log.Durable > _held.Index)
            Hold(core, core.Log.Durable);
    }

    /// <returns>What the machine has forgotten, or null.</returns>
    public string? BrokenBy(RaftCore restarted)
    {
        if (restarted.Term < _term)
            return $"its term, {_term}, and is in {restarted.Term}";
        if (restarted.Term == _vote.Term && restarted.Vote != _vote.For)
            return $"its vote for {_vote.For} in term {_vote.Term}, and has {restarted.Vote}";
        if (!IsReplaced(restarted) && (restarted.Log.LastIndex < _held.Index || !IsHeld(restarted)))
            return $"entry {_held.Index} of term {_held.Term}; its log ends at {restarted.Log.LastIndex}";

        return null;
    }

    private static Term Max(Term left, Term right) => left > right ? left : right;

    /// <summary>
    /// It starts from a snapshot of a later term, which it had received when it died: terms never fall along a log, so
    /// what is committed behind that snapshot is none of its entry (Raft §5.4, figure 13 step 7).
    /// </summary>
    private bool IsReplaced(RaftCore restarted) =>
        restarted.Log.View.TermAt(restarted.Log.View.Base) > _held.Term;

    private bool IsHeld(RaftCore core) =>
        _held.Index <= core.Log.View.Base || core.Log.View.Matches(_held.Index, _held.Term);

    private void Hold(RaftCore core, LogIndex index)
    {
        if (index > core.Log.View.Base && index <= core.Log.LastIndex)
            _held = (index, core.Log.View.TermAt(index));
    }

    private void Vote(Term term, NodeId candidate)
    {
        if (term > _vote.Term)
            _vote = (term, candidate);
        else if (term == _vote.Term)
            Assert.That(candidate, Is.EqualTo(_vote.For), $"one vote in term {term}");
    }
}
