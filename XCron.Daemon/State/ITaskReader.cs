using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>The state, to be read from any thread while the applier changes it. Each call sees one moment.</summary>
internal interface ITaskReader
{
    TaskRecord? Find(TaskId id);

    TaskRecord? FindByName(string name);

    OwnerSession OwnerOf(ShardId shard);

    /// <summary>The table of owners, as of one moment; of epoch 0 before the first assignment.</summary>
    Ownership Ownership { get; }

    /// <summary>Every record of a shard as of one moment, in no order.</summary>
    IReadOnlyList<TaskRecord> TasksOf(ShardId shard);

    /// <summary>
    /// Copies the ids of the tasks that follow one, by rising id and as of one moment; returns how many there were. Who
    /// goes on from the last id of each call meets every task once that was there all along, and none twice.
    /// </summary>
    int IdsAfter(TaskId after, Span<TaskId> ids);

    /// <summary>All tasks as of one moment; costs memory only for what changes until its end.</summary>
    FrozenView Freeze();

    StateCounters Counters { get; }
}

/// <summary>
/// Kept while applying, never counted by walking. The first six part all tasks: their sum is how many there are.
/// </summary>
internal sealed record StateCounters
{
    public long Scheduled { get; init; }

    /// <summary>Tasks with an open run, one that waits for its retry included.</summary>
    public long Running { get; init; }

    public long Paused { get; init; }

    public long Completed { get; init; }

    public long Failed { get; init; }

    public long Expired { get; init; }

    /// <summary>Over the life of the cluster, as are the following.</summary>
    public long Created { get; init; }

    /// <summary>By command; a finished task that is swept does not count.</summary>
    public long Deleted { get; init; }

    public long RunsOk { get; init; }

    public long RunsFailed { get; init; }

    /// <summary>Due times passed over, by misfire, overlap, deadline or end_at.</summary>
    public long RunsSkipped { get; init; }

    public long Retries { get; init; }

    public long Reclaims { get; init; }
}
