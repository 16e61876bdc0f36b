using XCron.Daemon.Commands;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>What this node tells the others of itself. Thread-safe.</summary>
internal sealed class SelfStatus
{
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

    /// <summary>How the machine is; called at each report, so it must be cheap or kept.</summary>
    public required Func<MachineFigures> Machine { get; init; }

    /// <summary>
    /// Whether claims, callbacks or results are on their way; called at each report. While this node drains, a no
    /// is for ever.
    /// </summary>
    public Func<bool> Busy { get; init; } = static () => false;

    /// <summary>Whether this node gives up its shards.</summary>
    public Withdrawal Withdrawal { get; init; } =
        new(static () => false, static () => { }, static () => { }, TimeSpan.Zero, TimeProvider.System);

    /// <summary>On the leader, who is to be removed.</summary>
    public Func<IEnumerable<ulong>> Leaving { get; init; } = static () => [];

    /// <summary>Its shards are to be given to others, and it claims nothing any more.</summary>
    public bool Draining => Withdrawal.Look();

    public NodeReport Report(DateTimeOffset now)
    {
        var report = new NodeReport
        {
            Number = Interlocked.Increment(ref _lastNumber),
            NodeId = Session.Node.Value,
            Incarnation = Session.Incarnation,
            Version = Version,
            Draining = Draining, // before Busy is asked: see there
            Busy = Busy(),
            WallClockMs = now.ToUnixTimeMilliseconds(),
            AppliedIndex = AppliedIndex(),
            Machine = Machine(),
            Address = Address,
            HttpAddress = HttpAddress,
        };
        report.Leaving.Add(Leaving());
        return report;
    }
}
