namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Carries messages between simulated nodes in virtual time: loses, doubles, delays, reorders, and cuts links one way.
/// </summary>
internal sealed class SimulatedNetwork(NetworkPlan plan, VirtualTime time, Random random)
{
    private const int MaxInFlight = 20_000;
    private const int MaxLateMs = 1500;

    private readonly PriorityQueue<Action, (long DueMs, long Order)> _inFlight = new();
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private long _order;

    /// <summary>While set nothing is lost, doubled or late: it is merely slow.</summary>
    public bool IsCalm { get; set; }

    public long Lost { get; private set; }

    public long Doubled { get; private set; }

    public long Late { get; private set; }

    public bool HasCuts => _cut.Count > 0;

    public void Cut(NodeId from, NodeId to) => _cut.Add((from, to));

    public void HealAll() => _cut.Clear();

    public bool IsCut(NodeId from, NodeId to) => _cut.Contains((from, to));

    /// <summary>Delivers what is due; each delivery may send more, which waits for its own time.</summary>
    public void DeliverDue()
    {
        while (_inFlight.TryPeek(out _, out var when) && when.DueMs <= time.NowMs)
            _inFlight.Dequeue()();
    }

    /// <summary>Puts a delivery on the way; returns false where it was lost.</summary>
    public bool Carry(NodeId from, NodeId to, Action deliver)
    {
        if (IsCut(from, to) || Happens(plan.Loss) || _inFlight.Count >= MaxInFlight)
        {
            Lost++;
            return false;
        }

        Enqueue(deliver);
        if (Happens(plan.Doubling))
        {
            Doubled++;
            Enqueue(deliver);
        }

        return true;
    }

    /// <summary>
    /// Puts something on the way that is never lost or doubled: the end of a stream, seen by its reader.
    /// </summary>
    public void CarrySurely(Action deliver) =>
        _inFlight.Enqueue(deliver, (time.NowMs + plan.MaxDelayMs + 1, _order++));

    private bool Happens(double chance) => !IsCalm && chance > 0 && random.NextDouble() < chance;

    private void Enqueue(Action deliver)
    {
        var delayMs = random.Next(plan.MaxDelayMs + 1);
        if (Happens(plan.Stragglers))
        {
            Late++;
            delayMs += random.Next(MaxLateMs);
        }

        _inFlight.Enqueue(deliver, (time.NowMs + delayMs, _order++));
    }
}
