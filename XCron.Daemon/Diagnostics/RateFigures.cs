using XCron.Daemon.State;

namespace XCron.Daemon.Diagnostics;

/// <summary>How much happened a second, in the whole cluster, as this node applied it.</summary>
/// <param name="Seconds">Over how long it was counted: up to a minute.</param>
internal sealed record RateFigures(double Seconds)
{
    public double Created { get; init; }

    public double Deleted { get; init; }

    public double RunsOk { get; init; }

    public double RunsFailed { get; init; }

    public double RunsSkipped { get; init; }

    public double Retries { get; init; }

    public static RateFigures Between(StateCounters before, StateCounters now, double seconds) => new(seconds)
    {
        Created = (now.Created - before.Created) / seconds,
        Deleted = (now.Deleted - before.Deleted) / seconds,
        RunsOk = (now.RunsOk - before.RunsOk) / seconds,
        RunsFailed = (now.RunsFailed - before.RunsFailed) / seconds,
        RunsSkipped = (now.RunsSkipped - before.RunsSkipped) / seconds,
        Retries = (now.Retries - before.Retries) / seconds,
    };
}
