namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Carries messages between simulated nodes in virtual time: loses, doubles, delays, reorders, and cuts links one way,
/// each for its time.
/// </summary>
internal sealed class SimulatedNetwork(NetworkPlan plan, VirtualTime time, Random random)
{
    private const int MaxInFlight = 20_000;
    private const int MaxLateMs = 1500;
    private const int MaxSlowMs = 400;

    private readonly PriorityQueue<Parcel, (long DueMs, long Order)> _inFlight = new();
    private readonly Dictionary<(NodeId From, NodeId To), Outage> _cut = [];
    private readonly Dictionary<(NodeId From, NodeId To), int> _slowMs = [];
    private long _order;

    /// <summary>While set nothing is lost, doubled or late: it is merely slow.</summary>
    public bool IsCalm { get; set; }

    public long Lost { get; private set; }

    public long Doubled { get; private set; }

    public long Late { get; private set; }

    public bool HasCuts => _cut.Values.Any(outage => outage.UntilMs > time.NowMs);

    /// <summary>Nothing leaves on this link for a while.</summary>
    /// <param name="from">Who is not heard.</param>
    /// <param name="to">By whom.</param>
    /// <param name="untilMs">When it ends.</param>
    /// <param name="severs">Whether what is on its way is lost too.</param>
    public void Cut(NodeId from, NodeId to, long untilMs = long.MaxValue, bool severs = false) =>
        _cut[(from, to)] = new(untilMs, severs);

    /// <summary>What is on its way to this node comes later, and not all at once.</summary>
    public void HoldBack(NodeId to)
    {
        (Parcel Parcel, (long DueMs, long Order) When)[] all = [.. _inFlight.UnorderedItems];
        Array.Sort(all, static (left, right) => left.When.CompareTo(right.When)); // the heap's own order means nothing
        _inFlight.Clear();
        foreach (var (parcel, when) in all)
        {
            var moreMs = parcel.To == to ? random.Next(MaxLateMs / 2) : 0;
            _inFlight.Enqueue(parcel, (when.DueMs + moreMs, when.Order));
        }
    }

    public void HealAll() => _cut.Clear();

    /// <summary>Delivers what is due; each delivery may send more, which waits for its own time.</summary>
    public void DeliverDue()
    {
        while (_inFlight.TryPeek(out _, out var when) && when.DueMs <= time.NowMs)
            _inFlight.Dequeue().Arrive();
    }

    /// <summary>Puts a delivery on the way; where it is lost, now or later, the other is called.</summary>
    public void Carry(NodeId from, NodeId to, Action deliver, Action lose)
    {
        var isCut = _cut.TryGetValue((from, to), out var outage) && outage.UntilMs > time.NowMs;
        if (isCut || Happens(plan.Loss) || _inFlight.Count >= MaxInFlight)
        {
            Lost++;
            lose();
            return;
        }

        Enqueue(from, to, deliver, lose);
        if (!Happens(plan.Doubling))
            return;

        Doubled++;
        Enqueue(from, to, deliver, lose);
    }

    /// <summary>
    /// Puts something on the way that is never lost or doubled: the end of a stream, seen by its reader.
    /// </summary>
    public void CarrySurely(Action deliver) =>
        _inFlight.Enqueue(new Parcel(NodeId.None, deliver), (time.NowMs + plan.MaxDelayMs + 1, _order++));

    private bool Happens(double chance) => !IsCalm && chance > 0 && random.NextDouble() < chance;

    private void Enqueue(NodeId from, NodeId to, Action deliver, Action lose)
    {
        var delayMs = random.Next(plan.MaxDelayMs + 1) + SlowMs(from, to);
        if (Happens(plan.Stragglers))
        {
            Late++;
            delayMs += random.Next(MaxLateMs);
        }

        var parcel = new Parcel(to, () => Arrive(from, to, deliver, lose));
        _inFlight.Enqueue(parcel, (time.NowMs + delayMs, _order++));
    }

    private void Arrive(NodeId from, NodeId to, Action deliver, Action lose)
    {
        if (_cut.TryGetValue((from, to), out var outage) && outage.Severs && outage.UntilMs > time.NowMs)
        {
            Lost++;
            lose();
        }
        else
        {
            deliver();
        }
    }

    /// <summary>Some links are slow in one direction: questions arrive at once and answers long after.</summary>
    private int SlowMs(NodeId from, NodeId to)
    {
        if (IsCalm || plan.SlowLinks == 0)
            return 0;
        if (!_slowMs.TryGetValue((from, to), out var slowMs))
            _slowMs[(from, to)] = slowMs = Happens(plan.SlowLinks) ? random.Next(MaxSlowMs) : 0;
        return slowMs;
    }

    private readonly record struct Parcel(NodeId To, Action Arrive);

    private readonly record struct Outage(long UntilMs, bool Severs);
}
