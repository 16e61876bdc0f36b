using XCron.Raft;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// What lies between the machines. Everything takes its time and may overtake, but for entries of the log, which are
/// one stream from machine to machine; a share is lost, and what was cut does not arrive.
/// </summary>
internal sealed class DaemonNetwork(VirtualTime time, Random random)
{
    private readonly PriorityQueue<Action, (long DueMs, long Order)> _onItsWay = new();
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private readonly HashSet<NodeId> _withoutLog = [];
    private readonly Dictionary<NodeId, int> _logDelayMs = [];
    private readonly Dictionary<(NodeId From, NodeId To), long> _logArrivesMs = [];
    private long _order;

    /// <summary>The share that is lost.</summary>
    public double Loss { get; set; }

    public int MaxDelayMs { get; set; } = 5;

    public long NextDueMs => _onItsWay.TryPeek(out _, out var when) ? when.DueMs : long.MaxValue;

    public void Cut(NodeId from, NodeId to) => _cut.Add((from, to));

    /// <summary>What carries the log to a node does not get through to it; all else does.</summary>
    public void CutLog(NodeId to) => _withoutLog.Add(to);

    /// <summary>What carries the log to a node takes so much longer than all else.</summary>
    public void DelayLog(NodeId to, int ms) => _logDelayMs[to] = ms;

    public void MendAll()
    {
        _logDelayMs.Clear();
        _cut.Clear();
        _withoutLog.Clear();
    }

    /// <summary>Puts something on its way; false where it will not arrive.</summary>
    public bool TryCarry(NodeId from, NodeId to, Action arrive)
    {
        if (!GetsThrough(from, to))
            return false;

        Put(arrive, random.Next(MaxDelayMs + 1));
        return true;
    }

    /// <summary>
    /// As <see cref="TryCarry"/>, of entries and snapshots, which have a stream of their own and keep their order:
    /// where one overtook another the rest would wait for a heartbeat, which in a long run is minutes.
    /// </summary>
    public bool TryCarryLog(NodeId from, NodeId to, Action arrive)
    {
        if (_withoutLog.Contains(to) || !GetsThrough(from, to))
            return false;

        var arrivesMs = Math.Max(
            time.NowMs + random.Next(MaxDelayMs + 1) + _logDelayMs.GetValueOrDefault(to),
            _logArrivesMs.GetValueOrDefault((from, to)));
        _logArrivesMs[(from, to)] = arrivesMs;
        Put(arrive, (int)(arrivesMs - time.NowMs));
        return true;
    }

    /// <summary>After the longest way: for what its reader notices by itself, such as the end of a stream.</summary>
    public void Notice(Action notice) => Put(notice, MaxDelayMs + 1);

    /// <summary>Returns whether anything arrived.</summary>
    public bool DeliverDue()
    {
        var did = false;
        while (_onItsWay.TryPeek(out _, out var when) && when.DueMs <= time.NowMs)
        {
            _onItsWay.Dequeue()();
            did = true;
        }

        return did;
    }

    private bool GetsThrough(NodeId from, NodeId to) =>
        !_cut.Contains((from, to)) && !(Loss > 0 && random.NextDouble() < Loss);

    private void Put(Action action, int delayMs) => _onItsWay.Enqueue(action, (time.NowMs + delayMs, _order++));
}
