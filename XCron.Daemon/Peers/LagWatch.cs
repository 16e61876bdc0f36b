using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// On the leader: which members are so far behind in applying the log that what is due in their shards would wait for
/// them. A member lags where its report shows that it had not applied what this leader had applied a while (the
/// patience) before, so that neither load nor the way of a report counts. One that owns shards is given the same while
/// again to catch up, and one that lost them must have been level for as long before it gets them back: nothing moves
/// to and fro faster than that. One that owns none gets none before it is level.
/// </summary>
internal sealed class LagWatch(TimeSpan patience, TimeProvider time)
{
    private const int MarksInPatience = 8;

    /// <summary>What was applied here, and when; oldest first. Bounded: spaced, and none is kept for long.</summary>
    private readonly List<(long Timestamp, long Applied)> _marks = [];
    private readonly Dictionary<NodeId, Watched> _watched = [];

    /// <summary>Another leadership begins, or none: nothing is known.</summary>
    public void Forget()
    {
        _marks.Clear();
        _watched.Clear();
    }

    /// <summary>To be called at each look: how far this leader is itself.</summary>
    public void Mark(LogIndex applied)
    {
        var now = time.GetTimestamp();
        if (_marks.Count > 0 && time.GetElapsedTime(_marks[^1].Timestamp, now) < patience / MarksInPatience)
            return;

        _marks.Add((now, applied.Value));

        // Reports that count are younger than the patience, and are compared with what was so long before them.
        while (_marks.Count > 1 && time.GetElapsedTime(_marks[1].Timestamp, now) >= patience * 2)
            _marks.RemoveAt(0);
    }

    /// <summary>Takes in how a member that is not silent is, after <see cref="Mark"/>.</summary>
    /// <param name="status">Its last report.</param>
    /// <param name="isOwner">Whether shards are its node's, by the table.</param>
    /// <param name="isActive">It may be sending: its callbacks are on their way, or the log has shown it alive lately.
    /// </param>
    /// <returns>Whether it lags now and did not before, or the other way round.</returns>
    public bool Judge(MemberStatus status, bool isOwner, bool isActive)
    {
        var id = status.Session.Node;
        var isBehind = status.AppliedIndex < AppliedBefore(status.HeardTimestamp);
        if (!_watched.TryGetValue(id, out var known) || known.Session != status.Session
            || time.GetElapsedTime(known.HeardTimestamp, status.HeardTimestamp) > patience)
        {
            known = new Watched { Session = status.Session, Since = status.HeardTimestamp, IsBehind = isBehind };
            known.IsLagging = isBehind && !isOwner;
        }

        known.HeardTimestamp = status.HeardTimestamp;
        if (known.IsBehind != isBehind)
            (known.IsBehind, known.Since) = (isBehind, status.HeardTimestamp);
        known.QuietSince = isActive ? null : known.QuietSince ?? time.GetTimestamp();
        var wasLagging = known.IsLagging;
        var isLasting = time.GetElapsedTime(known.Since, status.HeardTimestamp) >= patience;
        if (isBehind && !known.IsLagging && (isLasting || !isOwner))
            (known.IsLagging, known.HasLost) = (true, isOwner);
        else if (!isBehind && known.IsLagging && (isLasting || !known.HasLost))
            (known.IsLagging, known.HasLost) = (false, false);
        _watched[id] = known;
        return known.IsLagging != wasLagging;
    }

    /// <summary>Its shards are to be given to others.</summary>
    public bool IsLagging(NodeId id) => _watched.TryGetValue(id, out var known) && known.IsLagging;

    /// <summary>
    /// It lags, and may be sending what it has claimed, which nobody else is to claim as long as it is kept alive. Its
    /// quiet must have lasted, since a report tells late of what has begun.
    /// </summary>
    public bool MustKeep(NodeId id) =>
        _watched.TryGetValue(id, out var known) && known.IsLagging
        && !(known.QuietSince is { } since && time.GetElapsedTime(since) >= patience / 2);

    /// <summary>Forgets who is no member any more.</summary>
    public void KeepOnly(Membership membership)
    {
        foreach (var id in _watched.Keys.Where(id => membership.Find(id) is null).ToArray())
            _watched.Remove(id);
    }

    /// <summary>
    /// What had been applied here the patience before that moment, or, by a leader that does not look back so far, the
    /// first thing known of it: everything that its predecessors had committed.
    /// </summary>
    private long AppliedBefore(long timestamp)
    {
        var applied = _marks[0].Applied;
        foreach (var mark in _marks)
        {
            if (time.GetElapsedTime(mark.Timestamp, timestamp) < patience)
                break;
            applied = mark.Applied;
        }

        return applied;
    }

    private struct Watched
    {
        public required OwnerSession Session { get; init; }

        /// <summary>When it was heard last, by the local monotonic clock.</summary>
        public long HeardTimestamp { get; set; }

        /// <summary>Behind, or level, as of its last report.</summary>
        public required bool IsBehind { get; set; }

        /// <summary>The report since which it is so without a break.</summary>
        public required long Since { get; set; }

        /// <summary>Since when nothing shows that it may be sending; null where something does.</summary>
        public long? QuietSince { get; set; }

        public bool IsLagging { get; set; }

        /// <summary>It owned shards when it was found to lag.</summary>
        public bool HasLost { get; set; }
    }
}
