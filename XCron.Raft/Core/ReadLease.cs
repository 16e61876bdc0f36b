namespace XCron.Raft.Core;

/// <summary>
/// A leader's right to answer reads without asking first (thesis §6.4.1). Whoever answers its heartbeat promises to
/// vote for nobody else for a while; until a majority's promises end nobody else can have been elected, so nothing can
/// have been committed that this leader does not know. Promises count from when the heartbeat was sent, by the leader's
/// own clock, never from when the answer came. Belongs to one leadership.
/// </summary>
internal sealed class ReadLease(RaftCore core)
{
    // Both clocks count whole milliseconds, so either may be late by nearly one.
    private const long GranularityMs = 2;

    private bool _isForfeited;

    /// <summary>
    /// An order to campaign overrides every promise, and one that was given may still arrive after the transfer was
    /// given up: there is no lease for the rest of the term.
    /// </summary>
    public void Forfeit() => _isForfeited = true;

    /// <summary>Whether nobody else leads, for certain. A node that is being removed has no lease.</summary>
    public bool IsHeld(PeerSet peers, long nowMs)
    {
        if (!core.Options.LeaseReads || _isForfeited || !core.Membership.IsVoter(core.Self))
            return false;

        var needed = nowMs + core.Options.MaxClockDriftMs + GranularityMs;
        return Quorum.IsMajority(
            core.Membership,
            id => id == core.Self || (peers.TryGet(id, out var peer) && peer.PromisedUntilMs > needed));
    }
}
