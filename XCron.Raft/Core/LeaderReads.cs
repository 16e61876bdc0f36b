namespace XCron.Raft.Core;

/// <summary>
/// Answers linearizable reads as the leader: at once while a lease is held, else after a round of heartbeats that a
/// majority has answered (thesis §6.4). Belongs to one leadership.
/// </summary>
/// <param name="core">Whose leader it is.</param>
/// <param name="peers">Who answers.</param>
/// <param name="rounds">The reads that wait, and for which round.</param>
/// <param name="lease">Spares the round.</param>
/// <param name="heartbeats">Carry the round.</param>
/// <param name="firstOfTerm">
/// Before an entry of its own term is committed a leader does not know what is (Raft §8).
/// </param>
internal sealed class LeaderReads(
    RaftCore core, PeerSet peers, ReadRounds rounds, ReadLease lease, Heartbeats heartbeats, LogIndex firstOfTerm)
{
    private bool KnowsCommit => core.Log.Commit >= firstOfTerm;

    public void Add(ReadRounds.Read read, long nowMs)
    {
        if (KnowsCommit && lease.IsHeld(peers, nowMs))
            Answer(read, core.Log.Commit);
        else if (!rounds.TryAdd(read))
            Answer(read, null);
    }

    /// <summary>Asks for those that wait, unless a round is under way.</summary>
    public void Begin()
    {
        if (rounds.IsAsking || !rounds.HasWaiting || !KnowsCommit)
            return;

        rounds.Begin(core.Log.Commit);
        foreach (var peer in peers.All)
            heartbeats.SendTo(peer);
        Confirm();
    }

    /// <summary>To be called when a peer has answered, or the members are others.</summary>
    public void Confirm()
    {
        if (!rounds.IsAsking || !Quorum.IsMajority(core.Membership, HasAnswered))
            return;

        var index = rounds.Index;
        foreach (var read in rounds.Confirm())
            Answer(read, index);
        Begin();
    }

    /// <summary>This leader answers no more: all that wait have failed.</summary>
    public void End()
    {
        foreach (var read in rounds.All)
            Answer(read, null);
    }

    private bool HasAnswered(NodeId id) =>
        id == core.Self || (peers.TryGet(id, out var peer) && peer.AckedRound >= rounds.Round);

    private void Answer(ReadRounds.Read read, LogIndex? index)
    {
        if (read.From != NodeId.None)
        {
            core.Outbox.Send(new Message.ReadIndexResponse
            {
                From = core.Self,
                To = read.From,
                Term = core.Term,
                ReadId = read.Id,
                Accepted = index is not null,
                Index = index ?? LogIndex.Zero,
            });
        }
        else
        {
            core.Outbox.Add(
                index is { } known ? new Effect.ReadReady(read.Id, known) : new Effect.ReadFailed(read.Id));
        }
    }
}
