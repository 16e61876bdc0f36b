using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>
/// A cluster of cores to which everything happens in a random order: messages are lost, doubled and overtake each other
/// without limit, disks and state machines fall behind, processes crash and lose what was not durable. Then it heals.
/// </summary>
internal sealed class RandomCluster
{
    private const int MaxMessages = 200;
    private const int MaxEntries = 400;

    private static readonly CoreOptions Options = new()
    {
        Self = default,
        ElectionTimeoutMs = 200,
        HeartbeatIntervalMs = 20,
        MaxAppendBytes = 200,
        MaxAppendEntries = 4,
        MaxInflightAppends = 3,
        MaxInflightBytes = 400,
        MaxUncommittedBytes = 600,
        CachedLogBytes = 150,
        MaxApplyBytes = 100,
        MaxUnappliedEntries = 8,
        MaxWaitingReads = 5,
    };

    private readonly Random _random;
    private readonly CoreNode[] _nodes;
    private readonly ClusterChecks _checks;
    private readonly List<Message> _network = [];
    private readonly Dictionary<(int Node, int Life, long Read), LogIndex> _reads = [];
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];
    private readonly double _loss;
    private readonly double _doubling;
    private readonly double _crashRate;
    private readonly int _messagesPerTick;
    private readonly int _diskSpeed;
    private readonly int _msPerTick;
    private long _nowMs;
    private long _lastId;

    public RandomCluster(int seed, int voters, int learners)
    {
        _random = new Random(seed);
        _loss = _random.NextDouble() * _random.NextDouble() * 0.4;
        _doubling = _random.NextDouble() * 0.3;
        _crashRate = _random.NextDouble() * 0.004;
        _messagesPerTick = _random.Next(10, 120);
        _diskSpeed = _random.Next(2, 15);
        _msPerTick = _random.Next(3, 30);
        var membership = Make.Cluster(voters, learners);
        _nodes = [.. Enumerable.Range(1, voters + learners).Select(number =>
            new CoreNode(number, Make.State(membership, [1]), Options, seed))];
        _checks = new ClusterChecks(_nodes);
        foreach (var node in _nodes)
        {
            node.Leaving = message => _checks.Leaving(node, message);
            Hold(node, holds: true);
        }
    }

    public int Crashes { get; private set; }

    public int Installed { get; private set; }

    public int ReadsServed { get; private set; }

    public long Committed => _checks.Committed.Value;

    public int TermsLed => _checks.TermsLed;

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            Step(_nodes[_random.Next(_nodes.Length)]);
            Collect();
        }

        Converge();
    }

    private void Step(CoreNode node)
    {
        if (!node.IsUp)
        {
            if (_random.Next(100) == 0)
                node.Start();
            return;
        }

        var dice = _random.Next(_messagesPerTick + 50);
        switch (dice)
        {
            case < 10:
                Tick(node);
                break;
            case 10:
                Harm(node);
                break;
            case 11 when _network.Count > 0:
                node.Core.OnPeerDisconnected(_nodes[_random.Next(_nodes.Length)].Id);
                node.Pump();
                break;
            case < 16:
                Propose();
                break;
            case < 18:
                Read(node);
                break;
            case < 20:
                EndInstall(node);
                break;
            case 20:
                if (node.Applied - (node.Core.Log.Snapshot?.Index ?? LogIndex.Zero) > 10)
                    node.TakeSnapshot(_random.NextInt64(1, node.Applied.Value + 2));
                break;
            case < 24:
                node.Load();
                break;
            case < 30:
                node.Apply(_random.Next(1, 4));
                break;
            case < 50 when dice < 30 + _diskSpeed:
                node.Flush(_random.Next(1, 4));
                break;
            case >= 50:
                Deliver();
                break;
        }
    }

    private void Tick(CoreNode node)
    {
        _nowMs += _random.Next(_msPerTick);
        foreach (var other in _nodes)
            other.NowMs = _nowMs;
        node.Tick();
    }

    private void Harm(CoreNode node)
    {
        if (_random.Next(3) == 0)
            _cuts.Clear();
        else if (_random.Next(8) == 0)
            Cut(node);
        if (_random.NextDouble() > _crashRate * 100)
            return;

        Crashes++;
        node.Crash(_random.Next(3));
    }

    /// <summary>Some of its links, one way or both.</summary>
    private void Cut(CoreNode node)
    {
        var (inward, outward) = (_random.Next(3) != 0, _random.Next(3) != 0);
        foreach (var other in _nodes.Where(_ => _random.Next(4) != 0))
        {
            if (inward)
                _cuts.Add((other.Id, node.Id));
            if (outward)
                _cuts.Add((node.Id, other.Id));
        }
    }

    private void Propose()
    {
        if (_nodes.FirstOrDefault(node => node.IsLeader) is not { } leader || leader.Last >= MaxEntries)
            return;

        var payload = new byte[_random.Next(8, 60)];
        BitConverter.TryWriteBytes(payload, ++_lastId);
        leader.Propose(payload);
    }

    private void Read(CoreNode node)
    {
        _reads.Add((node.Number, node.Lives, ++_lastId), _checks.Committed);
        node.Read(_lastId);
    }

    private void EndInstall(CoreNode node)
    {
        if (node.Installs.Count == 0)
            return;

        var wanted = node.Installs[_random.Next(node.Installs.Count)];
        var source = _nodes[(int)wanted.Leader.Value - 1].Disk;
        var isThere = source.Snapshot is { } mark && mark.Index == wanted.Index && mark.Term == wanted.EntryTerm;
        if (!isThere || _random.Next(4) == 0)
        {
            node.FailInstall(wanted.Index.Value);
            return;
        }

        Installed++;
        node.Install(source.Snapshot!, source.SnapshotState);
    }

    private void Deliver()
    {
        if (_network.Count == 0)
            return;

        // Mostly in order, now and then from anywhere.
        var place = _random.Next(3) == 0 ? _random.Next(_network.Count) : 0;
        var message = _network[place];
        if (_random.NextDouble() >= _doubling)
            _network.RemoveAt(place);
        var receiver = _nodes[(int)message.To.Value - 1];
        if (receiver.IsUp && _random.NextDouble() >= _loss && !_cuts.Contains((message.From, message.To)))
            receiver.Receive(message);
    }

    private void Collect()
    {
        foreach (var node in _nodes)
        {
            _network.AddRange(node.Sent);
            node.Sent.Clear();
            _checks.Check(node);
            CheckReads(node);
        }

        if (_network.Count > MaxMessages)
            _network.RemoveRange(0, _network.Count - MaxMessages);
    }

    private void CheckReads(CoreNode node)
    {
        foreach (var (read, index) in node.Reads)
        {
            var before = _reads[(node.Number, node.Lives, read)];
            if (index is not { } served)
                continue;

            ReadsServed++;
            Assert.That(served, Is.GreaterThanOrEqualTo(before), $"a read on {node.Number} misses what was committed");
        }

        node.Reads.Clear();
    }

    private void Converge()
    {
        foreach (var node in _nodes)
        {
            Hold(node, holds: false);
            if (!node.IsUp)
                node.Start();
            node.Load();
            node.Flush();
            node.Apply();
        }

        for (var end = _nowMs + 5000; _nowMs < end; _nowMs += 5)
        {
            foreach (var node in _nodes)
            {
                node.NowMs = _nowMs;
                node.Tick();
                while (node.Installs.Count > 0)
                    EndInstall(node);
            }

            Collect();
            foreach (var message in _network.ToArray())
                _nodes[(int)message.To.Value - 1].Receive(message);
            _network.Clear();
            Collect();
        }

        var leader = _nodes.Single(node => node.IsLeader);
        Assert.That(leader.Commit, Is.EqualTo(leader.Last), "the leader commits");
        ClusterChecks.CheckEqual(_nodes);
        foreach (var peer in leader.Core.Peers)
            Assert.That((peer.State, peer.Match.Value), Is.EqualTo((PeerState.Replicate, leader.Last)), $"{peer.Id}");
    }

    private static void Hold(CoreNode node, bool holds)
    {
        node.HoldsDisk = holds;
        node.HoldsApplies = holds;
        node.HoldsLoads = holds;
    }
}
