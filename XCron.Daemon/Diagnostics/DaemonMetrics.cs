using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using XCron.Raft;

namespace XCron.Daemon.Diagnostics;

/// <summary>
/// The daemon's metrics. Stations report what happens; what merely is (depths, indexes, states) is read through
/// delegates that the composition root registers, at most once each. Tag values must come from small fixed sets.
/// Thread-safe; the delegates are called from the exporter's thread and must not throw.
/// </summary>
internal sealed class DaemonMetrics : IDisposable
{
    public const string MeterName = "XCron";

    // Firing a run must be within milliseconds, a late owner's within seconds.
    private static readonly double[] LatenessSeconds =
    [
        0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5,
        10, 30, 60,
    ];

    private static readonly double[] CallbackSeconds =
    [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
    ];

    private readonly Meter _meter = new(MeterName, DaemonVersion.Number);
    private readonly Histogram<double> _callback;
    private readonly Histogram<double> _lateness;
    private readonly RequestCounter _requests = new();

    // Replaced as a whole under the lock; read by the exporter without it.
    private ImmutableArray<(string Name, Func<long> Depth)> _queues = [];
    private readonly Lock _queuesLock = new();

    public DaemonMetrics()
    {
        _callback = Histogram(
            "xcron.callback.duration", "How long an attempt at a callback took, by outcome.", CallbackSeconds);
        _lateness = Histogram(
            "xcron.run.lateness", "How long after its due time a run's first attempt went out.", LatenessSeconds);
        _meter.CreateObservableCounter(
            "xcron.requests", _requests.Observe, "{request}", "Answered API requests, by path and code.");
        _meter.CreateObservableGauge("xcron.queue.depth", ObserveQueues, "{item}", "What waits in a queue.");
    }

    /// <param name="outcome">A constant, such as "ok", "failed", "timeout", "refused".</param>
    /// <param name="seconds">Connecting included.</param>
    public void CallbackFinished(string outcome, double seconds) =>
        _callback.Record(seconds, new KeyValuePair<string, object?>("outcome", outcome));

    /// <param name="seconds">From the due time to the moment the first attempt went out.</param>
    public void Lateness(double seconds) => _lateness.Record(seconds);

    /// <param name="path">The endpoint's own path, a constant: never what the client sent.</param>
    /// <param name="code">The HTTP status.</param>
    public void RequestFinished(string path, int code) => _requests.Count(path, code);

    public void ObserveQueue(string queue, Func<long> depth)
    {
        lock (_queuesLock)
            _queues = _queues.Add((queue, depth));
    }

    /// <param name="byState">The number of tasks in each state.</param>
    public void ObserveTasks(Func<IEnumerable<(string State, long Count)>> byState) =>
        _meter.CreateObservableGauge(
            "xcron.tasks",
            () => byState().Select(each => Tagged(each.Count, "state", each.State)),
            "{task}",
            "Tasks, by state.");

    /// <param name="byStatus">Runs that ended over the life of the cluster: every node shows the same.</param>
    public void ObserveRuns(Func<IEnumerable<(string Status, long Count)>> byStatus) =>
        _meter.CreateObservableCounter(
            "xcron.runs",
            () => byStatus().Select(each => Tagged(each.Count, "status", each.Status)),
            "{run}",
            "Finished runs, by status.");

    public void ObserveRaft(Func<RaftFigures> figures)
    {
        ObserveGauge("xcron.raft.term", "{term}", "The newest term this node has seen.", () => figures().Term.Value);
        ObserveGauge(
            "xcron.raft.has_leader", "{leader}", "1 while this node knows a leader.",
            () => figures().HasLeader ? 1 : 0);
        ObserveGauge(
            "xcron.raft.commit_index", "{entry}", "The last entry known to be committed.",
            () => figures().CommitIndex.Value);
        ObserveGauge(
            "xcron.raft.applied_index", "{entry}", "The last entry applied here.", () => figures().AppliedIndex.Value);
        ObserveGauge(
            "xcron.raft.last_index", "{entry}", "The last entry of this node's log.", () => figures().LastIndex.Value);
        ObserveGauge("xcron.raft.log.size", "By", "What the log occupies on disk.", () => figures().LogBytes);
        _meter.CreateObservableGauge(
            "xcron.raft.role", () => Roles(figures().Role), "{node}", "1 for the role this node is in, 0 for others.");
    }

    /// <summary>The machine's figures; one that is not known is left out.</summary>
    public void ObserveMachine(Func<MachineFigures> figures)
    {
        Observe("xcron.machine.cpu.utilization", "1", "Busy share of all cores.", () => figures().CpuShare);
        Observe("xcron.machine.memory.total", "By", "Memory.", () => figures().MemoryTotalBytes);
        Observe(
            "xcron.machine.memory.available", "By", "Memory to be had without swapping.",
            () => figures().MemoryAvailableBytes);
        Observe("xcron.machine.disk.total", "By", "The disk that raft_dir is on.", () => figures().DiskTotalBytes);
        Observe("xcron.machine.disk.free", "By", "What is left of it.", () => figures().DiskFreeBytes);
        Observe("xcron.machine.load", "{thread}", "Load average over a minute.", () => figures().Load1M);
        Observe("xcron.process.memory.resident", "By", "This process's memory.", () => figures().ProcessResidentBytes);
    }

    /// <summary>Anything that has one value.</summary>
    public void ObserveGauge(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableGauge(name, value, unit, description);

    /// <summary>Anything that has one value; null is left out.</summary>
    public void ObserveGauge(string name, string unit, string description, Func<double?> value) =>
        Observe(name, unit, description, value);

    /// <summary>Anything that only rises in the life of the process.</summary>
    public void ObserveTotal(string name, string unit, string description, Func<long> value) =>
        _meter.CreateObservableCounter(name, value, unit, description);

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Histogram(string name, string description, double[] boundaries) =>
        _meter.CreateHistogram(
            name, "s", description, tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private void Observe(string name, string unit, string description, Func<double?> value) =>
        _meter.CreateObservableGauge(
            name,
            () => value() is { } known ? [new Measurement<double>(known)] : Enumerable.Empty<Measurement<double>>(),
            unit,
            description);

    private IEnumerable<Measurement<long>> ObserveQueues()
    {
        ImmutableArray<(string Name, Func<long> Depth)> queues;
        lock (_queuesLock)
            queues = _queues;
        return queues.Select(queue => Tagged(queue.Depth(), "queue", queue.Name));
    }

    private static IEnumerable<Measurement<long>> Roles(RaftRole current) =>
    [
        Tagged(current == RaftRole.Follower ? 1 : 0, "role", "follower"),
        Tagged(current == RaftRole.PreCandidate ? 1 : 0, "role", "precandidate"),
        Tagged(current == RaftRole.Candidate ? 1 : 0, "role", "candidate"),
        Tagged(current == RaftRole.Leader ? 1 : 0, "role", "leader"),
    ];

    private static Measurement<long> Tagged(long value, string tag, string tagValue) =>
        new(value, new KeyValuePair<string, object?>(tag, tagValue));
}
