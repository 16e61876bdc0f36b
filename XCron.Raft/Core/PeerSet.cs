using System.Diagnostics.CodeAnalysis;

namespace XCron.Raft.Core;

/// <summary>
/// Whom a leader replicates to: the members, and those that were removed until they know it (thesis §4.2.2: one that
/// does not know would campaign), or for a bounded time.
/// </summary>
internal sealed class PeerSet(RaftCore core)
{
    private const int FarewellTimeouts = 10;

    private readonly Dictionary<NodeId, PeerProgress> _peers = [];
    private Membership? _followed;

    public IReadOnlyCollection<PeerProgress> All => _peers.Values;

    public bool TryGet(NodeId id, [NotNullWhen(true)] out PeerProgress? peer) => _peers.TryGetValue(id, out peer);

    /// <summary>Whether any peer's disk is low or full.</summary>
    public bool HaveLittleSpace
    {
        get
        {
            foreach (var peer in _peers.Values)
            {
                if (peer.Disk is DiskHealth.Low or DiskHealth.Full)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Takes in who is new in the configuration in force; who is gone from it departs.</summary>
    /// <returns>Whether it is another configuration than before.</returns>
    public bool FollowMembership(long nowMs)
    {
        var membership = core.Membership;
        if (ReferenceEquals(_followed, membership))
            return false;

        _followed = membership;
        foreach (var member in membership.Members)
        {
            if (member.Id != core.Self && !_peers.ContainsKey(member.Id))
                _peers.Add(member.Id, new PeerProgress(member.Id, core.Log.LastIndex.Next, nowMs));
        }

        foreach (var peer in _peers.Values)
            peer.DepartsAt = membership.Find(peer.Id) is null ? peer.DepartsAt ?? core.Log.MembershipIndex : null;
        return true;
    }

    /// <summary>Lets those go whose removal is committed and who know it, or cannot be told.</summary>
    public void DismissDeparted(long nowMs)
    {
        foreach (var peer in _peers.Values)
        {
            if (peer.DepartsAt is not { } removedAt || core.Log.Commit < removedAt)
                continue;

            peer.FarewellDeadlineMs ??= nowMs + (FarewellTimeouts * core.Options.ElectionTimeoutMs);
            if (peer.KnownCommit >= removedAt || nowMs >= peer.FarewellDeadlineMs)
                _peers.Remove(peer.Id); // allowed while enumerating
        }
    }

    /// <summary>Whether a peer follows so closely that it would hold up no commit.</summary>
    public bool IsCaughtUp(NodeId id, long nowMs) =>
        _peers.TryGetValue(id, out var peer)
        && peer.State == PeerState.Replicate
        && nowMs - peer.LastContactMs < core.Options.ElectionTimeoutMs
        && core.Log.LastIndex - peer.Match <= core.Options.MaxPromotionLag;

    /// <summary>
    /// The voter that needs least to lead, one whose disk is well before others; <see cref="NodeId.None"/> where none
    /// was heard of late.
    /// </summary>
    public NodeId BestSuccessor(long nowMs, bool needsDisk = false)
    {
        PeerProgress? best = null;
        foreach (var voter in core.Membership.Voters)
        {
            var isHeard = _peers.TryGetValue(voter, out var peer)
                && nowMs - peer.LastContactMs < core.Options.ElectionTimeoutMs;
            var isFit = isHeard && (!needsDisk || peer!.Disk == DiskHealth.Well);
            if (isFit && (best is null || NeedOf(peer!).CompareTo(NeedOf(best)) < 0))
                best = peer;
        }

        return best?.Id ?? NodeId.None;
    }

    private static (DiskHealth Disk, long Behind) NeedOf(PeerProgress peer) => (peer.Disk, -peer.Match.Value);
}
