using XCron.Daemon.Commands;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>What this node tells the others of itself. Thread-safe.</summary>
internal sealed class SelfStatus
{
    // Set by whoever stops the process, read by every link and by the assigner.
    private volatile bool _draining;

    // Taken before the rest of a report is looked at: what a later number says is never older.
    private long _lastNumber;

    /// <summary>This process, as an owner of shards.</summary>
    public required OwnerSession Session { get; init; }

    public required string Version { get; init; }

    /// <summary>Where peers reach it, "host:port".</summary>
    public required string Address { get; init; }

    /// <summary>Where clients reach it, "host:port".</summary>
    public required string HttpAddress { get; init; }

    /// <summary>How far the local state is; called at each report.</summary>
    public required Func<long> AppliedIndex { get; init; }

    /// <summary>How far it knows the log to be committed; called at each report, after the former.</summary>
    public Func<long> CommitIndex { get; init; } = static () => 0;

    /// <summary>How the machine is; called at each report, so it must be cheap or kept.</summary>
    public required Func<MachineFigures> Machine { get; init; }

    /// <summary>
    /// The epoch of the owners up to which it holds no attempt of those that it was granted; 0 while it holds some.
    /// Called at each report.
    /// </summary>
    public Func<long> IdleEpoch { get; init; } = static () => 0;

    /// <summary>Whether callbacks are on their way, or their results not recorded; called at each report.</summary>
    public Func<bool> Busy { get; init; } = static () => false;

    /// <summary>Its shards are to be given to others, for it is stopping.</summary>
    public bool Draining
    {
        get => _draining;
        set => _draining = value;
    }

    public NodeReport Report(DateTimeOffset now) => new()
    {
        Number = Interlocked.Increment(ref _lastNumber),
        NodeId = Session.Node.Value,
        Incarnation = Session.Incarnation,
        Version = Version,
        Draining = Draining,
        IdleEpoch = IdleEpoch(),
        Busy = Busy(),
        WallClockMs = now.ToUnixTimeMilliseconds(),
        AppliedIndex = AppliedIndex(),
        CommitIndex = CommitIndex(),
        Machine = Machine(),
        Address = Address,
        HttpAddress = HttpAddress,
    };
}
