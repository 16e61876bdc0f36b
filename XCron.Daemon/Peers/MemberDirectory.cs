using System.Collections.Immutable;
using XCron.Daemon.Commands;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// What the other nodes said of themselves last, and when. Every node hears every other, so that whoever becomes the
/// leader knows already who is silent. Thread-safe. Bounded by the membership: others are not entered.
/// </summary>
internal sealed class MemberDirectory(TimeSpan ownerTimeout, TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, Entry> _entries = [];

    // The last claim of each node's in the log, by the local monotonic clock.
    private readonly Dictionary<NodeId, (OwnerSession Session, long Timestamp)> _claims = [];
    private readonly HashSet<NodeId> _departing = [];
    private long _lastStream;

    // Nobody is silent before there was time to hear him.
    private long _listeningSince = timeProvider.GetTimestamp();

    /// <summary>
    /// Somebody is heard for the first time or again, restarted, began to drain or, where it is to go, came to rest.
    /// Not raised for each report, and not for silence, which is no event. Handlers return at once.
    /// </summary>
    public event Action? Changed;

    /// <summary>
    /// The number of a stream of reports, by when it was opened here. What a process said before it died may come after
    /// what its successor says, so of streams of different processes of a node the newest counts, until it has ended or
    /// is silent.
    /// </summary>
    public long OpenStream() => Interlocked.Increment(ref _lastStream);

    /// <summary>Nothing more comes over this stream: an older one may count again.</summary>
    public void EndStream(long stream)
    {
        lock (_gate)
        {
            foreach (var (id, entry) in _entries.Where(entry => entry.Value.Stream == stream).ToArray())
                _entries[id] = entry with { Stream = 0 };
        }
    }

    public void Heard(NodeReport report, long stream)
    {
        var id = new NodeId(report.NodeId);
        var session = new OwnerSession(id, report.Incarnation);
        if (session.IsNone || id == NodeId.None)
            return;

        bool isNews;
        lock (_gate)
        {
            _entries.TryGetValue(id, out var known);
            var now = timeProvider.GetTimestamp();
            if (IsOutdated(report, session, stream, known, now))
                return;

            var nowUtc = timeProvider.GetUtcNow();
            var isSame = known.Status?.Session == session && !IsSilent(known.Status.HeardTimestamp, now);
            var isToGo = report.Draining || _departing.Contains(id);
            isNews = !isSame || known.Status!.Draining != report.Draining
                || (isToGo && known.Status.IdleEpoch != report.IdleEpoch);
            var status = StatusOf(report, session, now, nowUtc) with
            {
                UpSince = isSame ? known.Status!.UpSince : nowUtc,
                ClockOffset = known.Status?.ClockOffset,
                ClockOffsetError = known.Status?.ClockOffsetError ?? default,
            };
            _entries[id] = new Entry(status, stream, report.Number);
        }

        if (isNews)
            Changed?.Invoke();
    }

    /// <summary>Enters what the answer to a report told of a node's clock.</summary>
    /// <param name="id">Whose; ignored while nothing was heard from it.</param>
    /// <param name="offset">Its clock minus this node's.</param>
    /// <param name="roundTrip">How long the answer took.</param>
    public void Measured(NodeId id, TimeSpan offset, TimeSpan roundTrip)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry))
                return;

            var status = entry.Status with { ClockOffset = offset, ClockOffsetError = roundTrip / 2 };
            _entries[id] = entry with { Status = status };
        }
    }

    /// <summary>A claim of this session was applied here.</summary>
    public void Claimed(OwnerSession session)
    {
        lock (_gate)
            _claims[session.Node] = (session, timeProvider.GetTimestamp());
    }

    /// <summary>
    /// Whether the log showed this session alive within the owner timeout. Its fence lets it send for half of that
    /// after its last claim was proposed, which was before the claim was applied here: as long as this holds, nothing
    /// may be taken from it, however silent it is.
    /// </summary>
    public bool HasClaimedLately(OwnerSession session)
    {
        lock (_gate)
        {
            return _claims.TryGetValue(session.Node, out var claim) && claim.Session == session
                && timeProvider.GetElapsedTime(claim.Timestamp) <= ownerTimeout;
        }
    }

    /// <summary>The node is to be removed: its shards are to be given to others first.</summary>
    public void Depart(NodeId id)
    {
        lock (_gate)
            _departing.Add(id);
        Changed?.Invoke();
    }

    /// <summary>It was removed, or is not to be removed after all.</summary>
    public void EndDeparture(NodeId id)
    {
        lock (_gate)
            _departing.Remove(id);
        Changed?.Invoke();
    }

    public bool IsDeparting(NodeId id)
    {
        lock (_gate)
            return _departing.Contains(id);
    }

    public MemberStatus? Find(NodeId id)
    {
        lock (_gate)
            return _entries.TryGetValue(id, out var entry) ? entry.Status : null;
    }

    /// <summary>Everybody who was ever heard and is still a member, by id.</summary>
    public ImmutableArray<MemberStatus> Snapshot()
    {
        lock (_gate)
            return [.. _entries.OrderBy(entry => entry.Key).Select(entry => entry.Value.Status)];
    }

    /// <summary>Whether a node that could have been heard was not for the owner timeout.</summary>
    public bool IsSilent(NodeId id)
    {
        lock (_gate)
        {
            var heard = _entries.TryGetValue(id, out var entry) ? entry.Status.HeardTimestamp : _listeningSince;
            return IsSilent(heard, timeProvider.GetTimestamp());
        }
    }

    /// <summary>Whether a node was heard within the owner timeout, whoever was away meanwhile.</summary>
    public bool WasHeardLately(NodeId id)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(id, out var entry)
                && timeProvider.GetElapsedTime(entry.Status.HeardTimestamp) <= ownerTimeout;
        }
    }

    /// <summary>This process itself was away (paused, or its machine was): silence counts anew from now.</summary>
    public void ListenAnew()
    {
        lock (_gate)
            _listeningSince = timeProvider.GetTimestamp();
    }

    /// <summary>Forgets who is no member any more.</summary>
    public void KeepOnly(Membership membership)
    {
        lock (_gate)
        {
            foreach (var id in _entries.Keys.Where(id => membership.Find(id) is null).ToArray())
                _entries.Remove(id);
            foreach (var id in _claims.Keys.Where(id => membership.Find(id) is null).ToArray())
                _claims.Remove(id);
        }
    }

    private static MemberStatus StatusOf(
        NodeReport report, OwnerSession session, long now, DateTimeOffset nowUtc) => new()
    {
        Session = session,
        Draining = report.Draining,
        IdleEpoch = report.IdleEpoch,
        Busy = report.Busy,
        Version = report.Version,
        Address = report.Address,
        HttpAddress = report.HttpAddress,
        AppliedIndex = report.AppliedIndex,
        CommitIndex = report.CommitIndex,
        Machine = report.Machine ?? new MachineFigures(),
        HeardTimestamp = now,
        HeardAt = nowUtc,
        UpSince = nowUtc,
    };

    /// <summary>
    /// Whether a report is older than what is known. A process numbers its reports: the order of its streams would not
    /// tell, for what it sent over a connection that it has given up may arrive at the same time as what it sends now,
    /// and open its stream here last. Processes are told apart by the order of their streams, which can be wrong in the
    /// same way; but then the dead one's ends or falls silent, and the other is heard again.
    /// </summary>
    private bool IsOutdated(NodeReport report, OwnerSession session, long stream, Entry known, long now)
    {
        if (known.Status is null)
            return false;

        return known.Status.Session == session
            ? report.Number < known.Number
            : stream < known.Stream && timeProvider.GetElapsedTime(known.Status.HeardTimestamp, now) <= ownerTimeout;
    }

    private bool IsSilent(long heard, long now) =>
        timeProvider.GetElapsedTime(Math.Max(heard, _listeningSince), now) > ownerTimeout;

    private readonly record struct Entry(MemberStatus Status, long Stream, long Number);
}
