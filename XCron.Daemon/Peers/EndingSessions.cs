using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// On the leader: who owns no shard any more and may still send what it was granted while it did. As long as the table
/// lists such a session, nobody claims that once more. A session that owns nothing is granted nothing, so once its node
/// has applied a table in which it owns nothing, and then holds no attempt, it sends nothing for ever.
/// </summary>
internal sealed class EndingSessions(MemberDirectory members, SelfStatus self, LagWatch lag)
{
    /// <summary>By which epoch each owned nothing, as far as this leader knows; never one before it was so.</summary>
    private readonly Dictionary<OwnerSession, long> _endedBy = [];

    /// <summary>Another leadership begins, or none: nothing is known.</summary>
    public void Forget() => _endedBy.Clear();

    /// <param name="table">As it is.</param>
    /// <param name="changes">What is to be changed of it.</param>
    /// <param name="membership">Whoever is no member is not listed: its state does not follow the log any more.</param>
    /// <returns>Who must be listed then, in the order of the nodes.</returns>
    public OwnerSession[] Compute(
        Ownership table, IReadOnlyList<AssignmentChange> changes, Membership membership)
    {
        var after = OwnersAfter(table, changes);
        foreach (var gone in _endedBy.Keys.Where(session => !table.Ending.Contains(session)).ToArray())
            _endedBy.Remove(gone);
        foreach (var session in table.Ending)
            _endedBy.TryAdd(session, table.Epoch);

        return
        [
            .. table.Sessions.Concat(table.Ending).Distinct()
                .Where(session => !session.IsNone && !after.Contains(session)
                    && membership.Find(session.Node) is not null && MayStillSend(session))
                .OrderBy(static session => session.Node).ThenBy(static session => session.Incarnation),
        ];
    }

    private bool MayStillSend(OwnerSession session)
    {
        if (session.Node == self.Session.Node)
            return session == self.Session && (IsNew(session) || self.IdleEpoch() < _endedBy[session]);
        var known = members.Find(session.Node);
        if (known is not null && known.Session != session)
            return false; // its process is another one now
        if (members.IsSilent(session.Node))
            return members.HasClaimedLately(session);
        if (known is null)
            return true; // it was not heard yet
        if (lag.IsLagging(session.Node) && !known.Draining && !members.IsDeparting(session.Node))
            return lag.MustKeep(session.Node); // its own word would be waited for in vain
        return IsNew(session) || known.IdleEpoch < _endedBy[session];
    }

    /// <summary>It owns shards yet, and loses the last of them now.</summary>
    private bool IsNew(OwnerSession session) => !_endedBy.ContainsKey(session);

    private static HashSet<OwnerSession> OwnersAfter(Ownership table, IReadOnlyList<AssignmentChange> changes)
    {
        OwnerSession[] owners = [.. table.Sessions];
        foreach (var change in changes)
        {
            foreach (var shard in change.Shards)
                owners[shard.Value] = change.Owner;
        }

        return [.. owners];
    }
}
