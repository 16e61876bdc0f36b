using System.Collections.Immutable;
using XCron.Raft.Core;

namespace XCron.Raft.Runtime;

/// <summary>
/// Publishes the node's status for other threads: at once when the role changes, else not more often than every 20 ms,
/// so that it costs the hot path nothing.
/// </summary>
internal sealed class StatusBoard
{
    private const int IntervalMs = 20;

    private readonly RaftCore _core;
    private readonly NodeParts _parts;
    private volatile RaftStatus _current;
    private long _refreshedMs;
    private bool _mustRefresh;

    public StatusBoard(RaftCore core, NodeParts parts)
    {
        _core = core;
        _parts = parts;
        _current = Build(0);
    }

    public RaftStatus Current => _current;

    public NodeId Self => _current.Self;

    /// <summary>How soon the loop should turn again so that the status does not go stale, in ms.</summary>
    public long RefreshMs => IsStale ? IntervalMs : long.MaxValue;

    private bool IsStale =>
        _core.Log.Commit != _current.Commit || _core.Log.Applied != _current.Applied
        || _core.InstallingSnapshot != _current.InstallingSnapshot
        || _core.Log.LastIndex != _current.LastIndex || _core.Log.Durable != _current.Durable;

    public void MustRefresh() => _mustRefresh = true;

    public void Refresh(long nowMs)
    {
        var isDue = nowMs - _refreshedMs >= IntervalMs && (IsStale || _core.Role.Kind == RaftRole.Leader);
        if (!isDue && !_mustRefresh)
            return;

        _mustRefresh = false;
        _refreshedMs = nowMs;
        _current = Build(nowMs);
    }

    private RaftStatus Build(long nowMs)
    {
        var peers = ImmutableArray.CreateBuilder<PeerStatus>();
        foreach (var peer in _core.Peers)
        {
            var silentMs = Math.Max(0, nowMs - peer.LastContactMs);
            peers.Add(new PeerStatus(peer.Id, peer.Match, TimeSpan.FromMilliseconds(silentMs))
            {
                IsCaughtUp = _core.IsCaughtUp(peer.Id),
            });
        }

        return new RaftStatus
        {
            Self = _core.Self,
            Role = _core.Role.Kind,
            Term = _core.Term,
            Leader = _core.Leader,
            Commit = _core.Log.Commit,
            Applied = _core.Log.Applied,
            LastIndex = _core.Log.LastIndex,
            Durable = _core.Log.Durable,
            SnapshotIndex = _core.Log.Snapshot?.Index ?? LogIndex.Zero,
            InstallingSnapshot = _core.InstallingSnapshot,
            Membership = _core.Membership,
            MembershipIndex = _core.Log.MembershipIndex,
            LogBytes = _parts.Log.DurableBytes,
            Disk = _core.Disk,
            PendingProposals = _parts.Pending.Count,
            Peers = peers.ToImmutable(),
        };
    }
}
