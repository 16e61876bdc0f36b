using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Several cores, the messages between them, and one clock; all checks after every step.</summary>
internal sealed class CoreCluster
{
    private const int MaxDeliveries = 100_000;
    private const long StepMs = 10;

    private readonly CoreNode[] _nodes;
    private readonly Queue<Message> _network = new();
    private readonly HashSet<(int From, int To)> _cuts = [];
    private readonly List<Message> _unread = [];
    private int _paused;

    public CoreCluster(
        int voters,
        Func<int, RecoveredState>? start = null,
        CoreOptions? options = null,
        int learners = 0,
        int seed = 1)
    {
        var initial = Make.Cluster(voters, learners);
        start ??= _ => Make.State(initial, [1]);
        _nodes = [.. Enumerable.Range(1, voters + learners).Select(number =>
            new CoreNode(number, start(number), options, seed))];
        Checks = new ClusterChecks(_nodes);
        foreach (var node in _nodes)
            node.Leaving = message => Checks.Leaving(node, message);
    }

    public ClusterChecks Checks { get; }

    public IReadOnlyList<CoreNode> Nodes => _nodes;

    public CoreNode this[int number] => _nodes[number - 1];

    public long NowMs { get; private set; }

    /// <summary>Messages for which it holds are lost.</summary>
    public Func<Message, bool> Loses { get; set; } = static _ => false;

    /// <summary>Every message that arrived, in order.</summary>
    public List<Message> Delivered { get; } = [];

    /// <summary>The leader of the newest term, or null.</summary>
    public CoreNode? Leader => _nodes.Where(node => node.IsLeader).MaxBy(node => node.Term);

    public void Cut(int from, int to) => _cuts.Add((from, to));

    public void CutBoth(int one, int other)
    {
        Cut(one, other);
        Cut(other, one);
    }

    public void Isolate(int number)
    {
        foreach (var other in _nodes.Where(node => node.Number != number))
            CutBoth(number, other.Number);
    }

    public void Heal() => _cuts.Clear();

    /// <summary>As in a long garbage collection: it does nothing, what comes waits, its clock goes on.</summary>
    public void Pause(int number, long ms)
    {
        _paused = number;
        Run(ms);
        _paused = 0;
        this[number].Tick(); // it sees how late it is before it reads what has come
        foreach (var message in _unread)
            _network.Enqueue(message);
        _unread.Clear();
        Settle();
    }

    /// <summary>So much time passes that any wait is over, but only this node notices; it campaigns.</summary>
    public void Campaign(int number)
    {
        SetClock(NowMs + (2 * this[number].Options.ElectionTimeoutMs));
        this[number].Tick();
        Settle();
    }

    /// <summary>Campaigns until it leads; where others are of a later term, the first time teaches it that.</summary>
    public CoreNode Elect(int number)
    {
        for (var i = 0; i < 3 && !this[number].IsLeader; i++)
            Campaign(number);
        Assert.That(this[number].IsLeader, $"{number} is elected");
        this[number].Tick();
        Settle();
        return this[number];
    }

    /// <summary>Delivers until all is quiet.</summary>
    public void Settle()
    {
        Collect();
        for (var count = 0; _network.TryDequeue(out var message); count++)
        {
            Assert.That(count, Is.LessThan(MaxDeliveries), "messages come to an end");
            if (IsLost(message))
                continue;
            if (message.To == Make.Id(_paused))
            {
                _unread.Add(message);
                continue;
            }

            Delivered.Add(message);
            _nodes[(int)message.To.Value - 1].Receive(message);
            Install();
            Collect();
        }
    }

    /// <summary>Time passes for everybody.</summary>
    public void Run(long ms)
    {
        for (var end = NowMs + ms; NowMs < end;)
        {
            SetClock(NowMs + StepMs);
            foreach (var node in _nodes.Where(node => node.IsUp && node.Number != _paused))
                node.Tick();
            Settle();
        }
    }

    private void SetClock(long nowMs)
    {
        foreach (var node in _nodes)
            node.NowMs += (long)((nowMs - NowMs) * node.ClockSpeed);
        NowMs = nowMs;
    }

    private bool IsLost(Message message)
    {
        var (from, to) = ((int)message.From.Value, (int)message.To.Value);
        return !_nodes[to - 1].IsUp || _cuts.Contains((from, to)) || Loses(message);
    }

    private void Install()
    {
        foreach (var node in _nodes.Where(node => node.IsUp && node.Installs.Count > 0))
        {
            foreach (var wanted in node.Installs.ToArray())
            {
                var source = this[(int)wanted.Leader.Value].Disk;
                if (source.Snapshot is { } mark && mark.Index == wanted.Index && mark.Term == wanted.EntryTerm)
                    node.Install(mark, source.SnapshotState);
                else
                    node.FailInstall(wanted.Index.Value);
            }
        }
    }

    private void Collect()
    {
        foreach (var node in _nodes)
        {
            foreach (var message in node.Sent)
                _network.Enqueue(message);
            node.Sent.Clear();
            Checks.Check(node);
        }
    }
}
