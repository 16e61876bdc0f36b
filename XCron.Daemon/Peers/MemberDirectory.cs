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
    private long _lastStream;

    // Nobody is silent before there was time to hear him.
    private long _listeningSince = timeProvider.GetTimestamp();

    /// <summary>
    /// Somebody is heard for the first time or again, restarted, or began to drain. Not raised for each report, and not
    /// for silence, which is no event. Handlers return at once.
    /// </summary>
    public event Action? Changed;

    /// <summary>
    /// The number of a stream of reports. Only a node's newest stream counts: what a process said before it died may
    /// come after what its successor says.
    /// </summary>
    public long OpenStream() => Interlocked.Increment(ref _lastStream);

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
            if (known.Stream > stream)
                return;

            var now = timeProvider.GetTimestamp();
            var nowUtc = timeProvider.GetUtcNow();
            var isSame = known.Status?.Session == session && !IsSilent(known.Status.HeardTimestamp, now);
            isNews = !isSame || known.Status!.Draining != report.Draining
                || (report.Draining && known.Status.Busy != report.Busy);
            var status = StatusOf(report, session, now, nowUtc) with
            {
                UpSince = isSame ? known.Status!.UpSince : nowUtc,
                ClockOffset = known.Status?.ClockOffset,
                ClockOffsetError = known.Status?.ClockOffsetError ?? default,
            };
            _entries[id] = new Entry(status, stream);
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
        }
    }

    private static MemberStatus StatusOf(
        NodeReport report, OwnerSession session, long now, DateTimeOffset nowUtc) => new()
    {
        Session = session,
        Draining = report.Draining,
        Busy = report.Busy,
        Version = report.Version,
        Address = report.Address,
        HttpAddress = report.HttpAddress,
        AppliedIndex = report.AppliedIndex,
        Machine = report.Machine ?? new MachineFigures(),
        HeardTimestamp = now,
        HeardAt = nowUtc,
        UpSince = nowUtc,
    };

    private bool IsSilent(long heard, long now) =>
        timeProvider.GetElapsedTime(Math.Max(heard, _listeningSince), now) > ownerTimeout;

    private readonly record struct Entry(MemberStatus Status, long Stream);
}
