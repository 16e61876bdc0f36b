using System.Runtime.ExceptionServices;
using XCron.Raft.Runtime;
using XCron.Raft.Tests.Simulation;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Turns the stations of a process's node when they have work or are due, some of them a little late.
/// </summary>
internal sealed class ProcessStations(NodeAssembly node, SimulatedMachine machine, VirtualTime time, Random random)
{
    private const long None = -1;

    private readonly Queue<Func<Task>> _background = new();
    private long _loopDueMs;
    private long _writerDueMs;
    private long _writeMs = None;
    private long _applyMs = None;

    public bool HasWork => node.Loop.Waiting > 0 || node.Parts.Reader.Waiting > 0 || _background.Count > 0
        || (node.Parts.Writer.Waiting > 0 && _writeMs == None) || (node.Parts.Applier.Waiting > 0 && _applyMs == None);

    public long NextDueMs
    {
        get
        {
            var nextMs = Math.Min(_loopDueMs, _writeMs == None ? _writerDueMs : _writeMs);
            return _applyMs == None ? nextMs : Math.Min(nextMs, _applyMs);
        }
    }

    public void Background(Func<Task> work) => _background.Enqueue(work);

    /// <summary>To be called as the process.</summary>
    public bool Turn(long nowMs)
    {
        var did = false;
        if (node.Loop.Waiting > 0 || nowMs >= _loopDueMs)
        {
            node.Loop.RunOnce();
            _loopDueMs = TrueMsAfter(node.Loop.SleepMs);
            did = true;
        }

        var isWaitedFor = node.Parts.Writer.Waiting > 0;
        if (IsTime(ref _writeMs, isWaitedFor, machine.DiskLatencyMs, nowMs) || (!isWaitedFor && nowMs >= _writerDueMs))
        {
            node.Parts.Writer.RunOnce();
            _writerDueMs = TrueMsAfter(node.Parts.Writer.SleepMs == 0 ? 1 : node.Parts.Writer.SleepMs);
            did = true;
        }

        if (IsTime(ref _applyMs, node.Parts.Applier.Waiting > 0, random.Next(4) == 0 ? random.Next(4) : 0, nowMs))
        {
            node.Parts.Applier.RunOnce();
            did = true;
        }

        if (node.Parts.Reader.Waiting > 0)
        {
            node.Parts.Reader.RunOnce();
            did = true;
        }

        if (_background.TryDequeue(out var work))
        {
            var done = work();
            Assert.That(done.IsCompleted, "background work of a simulated node is synchronous");
            if (done.Exception?.InnerException is { } failure)
                ExceptionDispatchInfo.Throw(failure);
            did = true;
        }

        return did;
    }

    private static bool IsTime(ref long atMs, bool hasWork, long latencyMs, long nowMs)
    {
        if (!hasWork)
            return false;
        if (atMs == None)
            atMs = nowMs + latencyMs;
        if (nowMs < atMs)
            return false;
        atMs = None;
        return true;
    }

    private long TrueMsAfter(int sleepMs) => sleepMs == Timeout.Infinite
        ? long.MaxValue
        : Math.Max(time.NowMs, machine.Clock.TrueMsOf(machine.Clock.MonotonicMs + sleepMs));
}
