using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Clients that each do one thing at a time with the registers, on whatever node, and write down when they began and
/// what they heard. What a client gave up on stays unknown, and another client goes on in its place.
/// </summary>
internal sealed class SimulatedClients(
    SimulationPlan plan, VirtualTime time, Random random, ClientOracle oracle, Coverage coverage)
{
    private readonly Client[] _clients = [.. Enumerable.Range(0, plan.Clients).Select(i => new Client(i))];
    private readonly long[] _lastSeen = new long[plan.Keys];
    private readonly List<HistoryEvent> _history = [];
    private int _nextProcess = plan.Clients;

    public IReadOnlyList<HistoryEvent> History => _history;

    public int ReadsServed { get; private set; }

    /// <summary>One of them, if it is idle, begins something.</summary>
    /// <param name="writeAt">Where a write would go.</param>
    /// <param name="readAt">Where a read would go.</param>
    public void Ask(Func<SimulatedNode> writeAt, Func<SimulatedNode> readAt)
    {
        var client = _clients[random.Next(_clients.Length)];
        if (client.IsBusy)
            return;

        var isRead = random.NextDouble() < plan.Reads;
        var node = isRead ? readAt() : writeAt();
        if (node.Process is not { } process)
            return;

        if (isRead)
            Read(client, node, process);
        else
            Write(client, node, process);
    }

    /// <summary>Collects what has ended since the last call; after the oracle has.</summary>
    public void Collect()
    {
        foreach (var client in _clients)
        {
            if (client.Asked is { } asked)
                CollectWrite(client, asked);
            else if (client.Reading is { } reading)
                CollectRead(client, reading);
        }
    }

    private void Write(Client client, SimulatedNode node, NodeAssembly process)
    {
        var key = random.Next(plan.Keys);
        long? expected = random.Next(3) == 0 ? _lastSeen[key] : null;
        client.Asked = oracle.Propose(node, process, id => new KeyValueCommand(id, key, id, expected));
        Begin(client, new HistoryEvent(
            client.Process,
            HistoryKind.Invoke,
            expected is null ? HistoryOperation.Write : HistoryOperation.CompareAndSet,
            key,
            client.Asked.Command.Value,
            expected ?? 0,
            time.NowMs));
    }

    private void Read(Client client, SimulatedNode node, NodeAssembly process)
    {
        var done = process.Parts.Reads.Join(out var isNew);
        if (isNew)
            process.Loop.TryPost(new NodeInput.ReadsWaiting());
        client.Reading = new Reading(node, node.Lives, oracle.LastAcknowledged, done);
        var key = random.Next(plan.Keys);
        Begin(client, new HistoryEvent(
            client.Process, HistoryKind.Invoke, HistoryOperation.Read, key, 0, 0, time.NowMs));
    }

    private void CollectWrite(Client client, ClientOracle.Asked asked)
    {
        if (asked.Outcome is null && !IsOutOfPatience(client))
            return;

        client.Asked = null;
        End(client, asked.Outcome switch
        {
            ProposeOutcome.Applied { Result.Code: < 0 } => HistoryKind.Mismatch,
            ProposeOutcome.Applied => HistoryKind.Ok,
            ProposeOutcome.Rejected => HistoryKind.Fail,
            _ => HistoryKind.Info,
        });
    }

    private void CollectRead(Client client, Reading reading)
    {
        var isAlive = reading.Node.IsInLife(reading.Life);
        if (isAlive && !reading.Done.IsCompleted && !IsOutOfPatience(client))
            return;

        client.Reading = null;
        var isServed = isAlive && reading.Done.IsCompletedSuccessfully && new ValueTask<bool>(reading.Done).Result;
        if (!isServed)
        {
            coverage.Reached(RareEvent.ReadFailed);
            End(client, HistoryKind.Fail); // it changed nothing, so it can as well never have been
            return;
        }

        ReadsServed++;
        if (reading.Node.Process!.Loop.Core.Role.Kind != RaftRole.Leader)
            coverage.Reached(RareEvent.ReadAtFollower);
        var machine = reading.Node.Machine;
        Assert.That(
            reading.LastBefore == 0 || machine.Holds(reading.LastBefore),
            $"a read on {reading.Node.Id} missed command {reading.LastBefore}, acknowledged before it began");
        End(client, HistoryKind.Ok, machine[client.Doing.Key]);
    }

    private bool IsOutOfPatience(Client client) => time.NowMs - client.Doing.TimeMs > plan.PatienceMs;

    private void Begin(Client client, HistoryEvent doing)
    {
        client.Doing = doing;
        _history.Add(doing);
    }

    private void End(Client client, HistoryKind kind, long? read = null)
    {
        var doing = client.Doing;
        var value = read ?? doing.Value;
        _history.Add(doing with { Kind = kind, Value = value, TimeMs = time.NowMs });
        if (kind == HistoryKind.Ok)
            _lastSeen[doing.Key] = value;
        if (kind == HistoryKind.Info)
            client.Process = _nextProcess++;
    }

    private sealed class Client(int process)
    {
        public int Process { get; set; } = process;

        public HistoryEvent Doing { get; set; }

        public ClientOracle.Asked? Asked { get; set; }

        public Reading? Reading { get; set; }

        public bool IsBusy => Asked is not null || Reading is not null;
    }

    private sealed record Reading(SimulatedNode Node, int Life, long LastBefore, Task<bool> Done);
}
