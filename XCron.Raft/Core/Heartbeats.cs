namespace XCron.Raft.Core;

/// <summary>
/// What a leader says regularly: that it leads, what is committed (Raft §5.3), and which round of reads it asks for
/// (thesis §6.4).
/// </summary>
internal sealed class Heartbeats(RaftCore core, ReadRounds rounds)
{
    public void SendTo(PeerProgress peer)
    {
        // Never past what the peer is known to hold: a heartbeat vouches for nothing else in its log.
        var commit = LogIndex.Min(core.Log.Commit, peer.Match);
        peer.CommitSent = LogIndex.Max(peer.CommitSent, commit);
        core.Outbox.Send(new Message.Heartbeat
        {
            From = core.Self,
            To = peer.Id,
            Term = core.Term,
            Commit = commit,
            Round = rounds.Round,
            SentMs = core.NowMs,
        });
    }
}
