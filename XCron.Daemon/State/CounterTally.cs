using System.Diagnostics;

namespace XCron.Daemon.State;

/// <summary>
/// Keeps the counters in step with the records: each is a function of the change itself, so no rule can forget to
/// count. Changed by the applier alone, read from any thread.
/// </summary>
internal sealed class CounterTally
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[CounterNames.All.Length];

    public void CountCreated(TaskRecord record)
    {
        lock (_lock)
        {
            _counts[(int)Counter.Created]++;
            _counts[(int)GaugeOf(record)]++;
        }
    }

    public void CountDeleted(TaskRecord record)
    {
        lock (_lock)
        {
            _counts[(int)Counter.Deleted]++;
            _counts[(int)GaugeOf(record)]--;
        }
    }

    public void CountSwept(TaskRecord record)
    {
        lock (_lock)
            _counts[(int)GaugeOf(record)]--;
    }

    public void CountChanged(TaskRecord before, TaskRecord after)
    {
        var failed = after.FailCount - before.FailCount;

        // Whatever is claimed comes first.
        var earlier = after.Run is null ? null : before.Runs?.Find(after.Run.Sequence);
        var isNextAttempt = earlier is not null && earlier.Attempt < after.Run!.Attempt;
        lock (_lock)
        {
            _counts[(int)GaugeOf(before)]--;
            _counts[(int)GaugeOf(after)]++;
            _counts[(int)Counter.RunsOk] += after.RunCount - before.RunCount - failed;
            _counts[(int)Counter.RunsFailed] += failed;
            _counts[(int)Counter.RunsSkipped] += after.MissedCount - before.MissedCount;
            if (isNextAttempt)
                _counts[(int)(earlier!.ClaimedBy.IsNone ? Counter.Retries : Counter.Reclaims)]++;
        }
    }

    /// <summary>The numbers, in the order of <see cref="CounterNames.All"/>.</summary>
    public long[] Copy()
    {
        lock (_lock)
            return [.. _counts];
    }

    public void Load(ReadOnlySpan<long> counts)
    {
        lock (_lock)
            counts.CopyTo(_counts);
    }

    public StateCounters Read()
    {
        var counts = Copy();
        return new StateCounters
        {
            Scheduled = counts[(int)Counter.Scheduled],
            Running = counts[(int)Counter.Running],
            Paused = counts[(int)Counter.Paused],
            Completed = counts[(int)Counter.Completed],
            Failed = counts[(int)Counter.Failed],
            Expired = counts[(int)Counter.Expired],
            Created = counts[(int)Counter.Created],
            Deleted = counts[(int)Counter.Deleted],
            RunsOk = counts[(int)Counter.RunsOk],
            RunsFailed = counts[(int)Counter.RunsFailed],
            RunsSkipped = counts[(int)Counter.RunsSkipped],
            Retries = counts[(int)Counter.Retries],
            Reclaims = counts[(int)Counter.Reclaims],
        };
    }

    /// <summary>Every task is in exactly one of the first six.</summary>
    public static Counter GaugeOf(TaskRecord record) =>
        record.Run is not null ? Counter.Running : record.Phase switch
        {
            TaskPhase.Scheduled => Counter.Scheduled,
            TaskPhase.Paused => Counter.Paused,
            TaskPhase.Completed => Counter.Completed,
            TaskPhase.Failed => Counter.Failed,
            TaskPhase.Expired => Counter.Expired,
            _ => throw new UnreachableException($"Phase {record.Phase}"),
        };
}
