namespace XCron.Raft.Core;

/// <summary>
/// How a leader brings one peer's log to be as its own (Raft §5.3): where to look, what to send, how much.
/// </summary>
internal sealed class Replication(RaftCore core)
{
    public void SendTo(PeerProgress peer)
    {
        while (MaySend(peer) && TryEntries(peer, out var entries))
        {
            Send(peer, peer.Next, entries);
            if (entries.Length == 0)
                return;
        }
    }

    /// <returns>Whether more is known to be replicated than before.</returns>
    public bool Accepted(PeerProgress peer, LogIndex match)
    {
        if (match > core.Log.LastIndex)
            return false; // cannot be of this term; nothing is concluded from it

        var isNews = peer.Accepted(match);
        var meets = peer.State == PeerState.Probe
            || (peer.State == PeerState.Snapshot && peer.Match >= core.Log.View.Base);
        if (meets)
            peer.BecomeReplicate();
        return isNews;
    }

    public void Rejected(PeerProgress peer, Message.AppendResponse response)
    {
        var isStale = peer.State switch
        {
            PeerState.Probe => response.RejectedPrev != peer.Next.Previous,
            PeerState.Replicate => response.RejectedPrev <= peer.Match,
            _ => true,
        };
        if (isStale)
            return;

        // The peer names its term at that place and where it begins: whole terms are passed over at a time.
        var view = core.Log.View;
        var next = response.ConflictIndex;
        var isTermKnown = response.ConflictTerm > default(Term);
        if (isTermKnown && view.LastOf(response.ConflictTerm, response.RejectedPrev) is { } last)
            next = last.Next;
        peer.BecomeProbe(LogIndex.Min(next, response.RejectedPrev));
    }

    public void HeartbeatAnswered(PeerProgress peer, long nowMs)
    {
        if (nowMs - peer.CheckedMs < core.Options.HeartbeatIntervalMs)
            return;

        peer.CheckedMs = nowMs;
        peer.IsProbing = false;
        if (peer.State != PeerState.Replicate || peer.IsHeldUp)
            return;

        if (peer.Match < peer.SentChecked && peer.Loading is null)
            Nudge(peer);
        peer.SentChecked = peer.Next.Previous;
    }

    public void Loaded(PeerProgress peer, LogIndex from, LogEntry[] entries)
    {
        if (peer.Loading != from)
            return;

        peer.Loading = null;
        if (peer.Next != from || peer.State == PeerState.Snapshot)
            return;

        // The log may have been cut meanwhile, on disk or here.
        if (entries.Length == 0 || from.Previous < core.Log.View.Base)
            OfferInstead(peer);
        else if (core.Log.View.Matches(entries[^1].Index, entries[^1].Term))
            Send(peer, from, entries);
    }

    public void Offer(PeerProgress peer)
    {
        if (core.Log.Snapshot is not { } snapshot)
            return;

        core.Outbox.Send(new Message.SnapshotOffer
        {
            From = core.Self, To = peer.Id, Term = core.Term, Index = snapshot.Index, EntryTerm = snapshot.Term,
        });
    }

    private bool MaySend(PeerProgress peer) => peer.Loading is null && !peer.IsHeldUp && peer.State switch
    {
        PeerState.Probe => !peer.IsProbing,
        PeerState.Replicate => peer.Next <= core.Log.LastIndex && !peer.IsWindowFull(core.Options),
        _ => false,
    };

    private bool TryEntries(PeerProgress peer, out LogEntry[] entries)
    {
        var log = core.Log;
        entries = [];
        if (peer.Next.Previous < log.View.Base)
        {
            OfferInstead(peer);
            return false;
        }

        if (peer.Next > log.LastIndex)
            return true;

        if (!log.View.IsCached(peer.Next))
        {
            peer.Loading = peer.Next;
            core.Outbox.Add(new Effect.LoadEntries(peer.Id, peer.Next, core.Options.MaxAppendBytes));
            return false;
        }

        entries = log.View.Slice(
            peer.Next, log.LastIndex, core.Options.MaxAppendEntries, core.Options.MaxAppendBytes);
        return true;
    }

    /// <summary>
    /// What was sent an interval ago has no answer yet. An empty append behind it finds out why, and costs a slow peer
    /// nothing: it is rejected if entries were lost, and accepted, which opens the window, if only answers were.
    /// </summary>
    private void Nudge(PeerProgress peer)
    {
        if (peer.Next.Previous < core.Log.View.Base)
            OfferInstead(peer);
        else
            Send(peer, peer.Next, []);
    }

    private void OfferInstead(PeerProgress peer)
    {
        peer.BecomeSnapshot(core.Log.Snapshot?.Index ?? LogIndex.Zero);
        Offer(peer);
    }

    private void Send(PeerProgress peer, LogIndex first, LogEntry[] entries)
    {
        var prev = first.Previous;
        core.Outbox.Send(new Message.AppendRequest
        {
            From = core.Self,
            To = peer.Id,
            Term = core.Term,
            PrevIndex = prev,
            PrevTerm = core.Log.View.TermAt(prev),
            Commit = core.Log.Commit,
            Entries = entries,
        });
        peer.CommitSent = LogIndex.Max(peer.CommitSent, LogIndex.Min(core.Log.Commit, prev + entries.Length));
        if (peer.State == PeerState.Probe)
        {
            peer.IsProbing = true;
            return;
        }

        var bytes = 0L;
        foreach (var entry in entries)
            bytes += entry.Payload.Length;
        if (entries.Length > 0)
            peer.Sent(entries[^1].Index, bytes);
    }
}
