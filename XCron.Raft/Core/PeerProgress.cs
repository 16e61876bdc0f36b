namespace XCron.Raft.Core;

internal enum PeerState
{
    /// <summary>
    /// Where the logs meet is not known: one append at a time, no faster than heartbeats without an answer.
    /// </summary>
    Probe,

    /// <summary>It follows: appends are sent ahead, within a window.</summary>
    Replicate,

    /// <summary>What it needs is gone from the log: it pulls a snapshot.</summary>
    Snapshot,
}

/// <summary>What a leader knows of one peer's log. Lives as long as the leadership.</summary>
internal sealed class PeerProgress(NodeId id, LogIndex next, long nowMs)
{
    private readonly Queue<(LogIndex Last, long Bytes)> _inflight = new();
    private long _inflightBytes;

    public NodeId Id => id;

    public PeerState State { get; private set; } = PeerState.Probe;

    /// <summary>The last entry it is known to hold. Only rises.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The next entry to send. Invariant: Match &lt; Next.</summary>
    public LogIndex Next { get; private set; } = next;

    /// <summary>In <see cref="PeerState.Snapshot"/>: the log behind this index is kept for it.</summary>
    public LogIndex OfferedSnapshot { get; private set; }

    /// <summary>A probe is on its way; a heartbeat's answer allows another.</summary>
    public bool IsProbing { get; set; }

    /// <summary>Entries for it are being read from disk; their first index.</summary>
    public LogIndex? Loading { get; set; }

    /// <summary>When anything of this term was heard from it.</summary>
    public long LastContactMs { get; set; } = nowMs;

    /// <summary>The newest round of heartbeats it answered.</summary>
    public long AckedRound { get; set; }

    /// <summary>The commit index it was last told.</summary>
    public LogIndex CommitSent { get; set; }

    /// <summary>The last entry sent at the last look: what of it has no answer at the next one may be lost.</summary>
    public LogIndex SentChecked { get; set; }

    /// <summary>When the last look was taken; once a heartbeat interval.</summary>
    public long CheckedMs { get; set; }

    /// <summary>The commit index it said it knows.</summary>
    public LogIndex KnownCommit { get; set; }

    /// <summary>Until then it votes for nobody else, by the leader's clock. Only rises.</summary>
    public long PromisedUntilMs { get; private set; }

    /// <summary>It said that it takes no entries for now.</summary>
    public bool IsHeldUp { get; set; }

    /// <summary>What it last said of its disk.</summary>
    public DiskHealth Disk { get; set; }

    /// <summary>The configuration that it is no longer in; null for a member.</summary>
    public LogIndex? DepartsAt { get; set; }

    /// <summary>When it is let go at the latest; set once its removal is committed.</summary>
    public long? FarewellDeadlineMs { get; set; }

    public bool IsWindowFull(CoreOptions options) =>
        _inflight.Count >= options.MaxInflightAppends || _inflightBytes >= options.MaxInflightBytes;

    public void Sent(LogIndex last, long bytes)
    {
        _inflight.Enqueue((last, bytes));
        _inflightBytes += bytes;
        Next = last.Next;
    }

    public void Promised(long sentMs, long promiseMs) =>
        PromisedUntilMs = Math.Max(PromisedUntilMs, sentMs + promiseMs);

    /// <returns>Whether it is known to hold more than before.</returns>
    public bool Accepted(LogIndex match)
    {
        while (_inflight.TryPeek(out var oldest) && oldest.Last <= match)
            _inflightBytes -= _inflight.Dequeue().Bytes;
        var isNews = match > Match;
        Match = LogIndex.Max(Match, match);
        Next = LogIndex.Max(Next, Match.Next);
        return isNews;
    }

    public void BecomeProbe(LogIndex nextToTry)
    {
        State = PeerState.Probe;
        Next = LogIndex.Max(nextToTry, Match.Next);
        ClearWindow();
    }

    public void BecomeReplicate()
    {
        State = PeerState.Replicate;
        Next = Match.Next;
        ClearWindow();
    }

    /// <param name="snapshot">The oldest one that it may be pulling from now on.</param>
    public void BecomeSnapshot(LogIndex snapshot)
    {
        State = PeerState.Snapshot;
        OfferedSnapshot = snapshot;
        ClearWindow();
    }

    private void ClearWindow()
    {
        _inflight.Clear();
        _inflightBytes = 0;
        IsProbing = false;
        Loading = null;
        SentChecked = LogIndex.Zero;
    }
}
