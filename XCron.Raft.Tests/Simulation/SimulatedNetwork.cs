using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Carries messages between simulated nodes in virtual time: loses, doubles, delays, reorders, and cuts links one way.
/// </summary>
internal sealed class SimulatedNetwork(VirtualTime time, Random random)
{
    private const int MaxInFlight = 20_000;

    private readonly PriorityQueue<Action, (long DueMs, long Order)> _inFlight = new();
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private long _order;

    public double Loss { get; set; }

    public double Doubling { get; set; }

    public int MaxDelayMs { get; set; } = 5;

    public long? NextDueMs => _inFlight.TryPeek(out _, out var when) ? when.DueMs : null;

    public long Lost { get; private set; }

    public long Doubled { get; private set; }

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
        if (IsCut(from, to) || random.NextDouble() < Loss || _inFlight.Count >= MaxInFlight)
        {
            Lost++;
            return false;
        }

        var copies = random.NextDouble() < Doubling ? 2 : 1;
        Doubled += copies - 1;
        for (; copies > 0; copies--)
            _inFlight.Enqueue(deliver, (time.NowMs + random.Next(MaxDelayMs + 1), _order++));
        return true;
    }

    /// <summary>
    /// Puts something on the way that is never lost or doubled: the end of a stream, seen by its reader.
    /// </summary>
    public void CarrySurely(Action deliver) =>
        _inFlight.Enqueue(deliver, (time.NowMs + MaxDelayMs + 1, _order++));
}

/// <summary>One node's end of the simulated network.</summary>
/// <param name="network">What carries.</param>
/// <param name="hostOf">The node behind an id while its process runs, else null.</param>
internal sealed class SimulatedTransport(SimulatedNetwork network, Func<NodeId, IRaftTransportHost?> hostOf)
    : IRaftTransport
{
    private const int ChunkBytes = 64;

    private bool _isDead;

    /// <summary>The process is gone: nobody is left to take what is on its way to it.</summary>
    public void Die() => _isDead = true;

    void IRaftTransport.Start(IRaftTransportHost host)
    {
    }

    void IRaftTransport.SetPeers(IReadOnlyList<Member> peers)
    {
    }

    void IRaftTransport.Send(Message message) =>
        network.Carry(message.From, message.To, () => hostOf(message.To)?.Deliver(message));

    void IRaftTransport.FetchSnapshot(
        NodeId from,
        LogIndex index,
        Term entryTerm,
        long offset,
        ISnapshotSink sink,
        CancellationToken cancellationToken)
    {
        using var snapshot = hostOf(from)?.OpenSnapshot(index, entryTerm);
        var content = new byte[snapshot?.Length ?? 0];
        snapshot?.Read(0, content);
        FetchChunk(from, content, offset, sink, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // A stream keeps its order: the next chunk leaves when the last one arrived; the first that is lost ends it.
    private void FetchChunk(
        NodeId from, byte[] content, long offset, ISnapshotSink sink, CancellationToken cancellation)
    {
        if (_isDead)
            return;

        var count = (int)Math.Min(ChunkBytes, content.Length - offset);
        if (count <= 0 || cancellation.IsCancellationRequested)
        {
            End(sink);
            return;
        }

        var isFirst = true; // a stream does not double
        var carried = network.Carry(from, NodeId.None, () =>
        {
            if (!isFirst || _isDead)
                return;

            isFirst = false;
            if (sink.Chunk(offset, content.Length, content.AsSpan((int)offset, count)))
                FetchChunk(from, content, offset + count, sink, cancellation);
            else
                End(sink);
        });
        if (!carried)
            End(sink);
    }

    private void End(ISnapshotSink sink) => network.CarrySurely(() =>
    {
        if (!_isDead)
            sink.Ended();
    });
}
