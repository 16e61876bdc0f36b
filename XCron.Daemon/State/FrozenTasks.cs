using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// The records as they were at one moment. A shard that has not changed since is read from the table itself; one that
/// is about to change is copied first (references only: records are immutable).
/// </summary>
internal sealed class FrozenTasks(TaskShard[] shards, int count)
{
    // Invariant: place i of both is touched only under the lock of shard i.
    private readonly TaskRecord[]?[] _kept = new TaskRecord[]?[shards.Length];
    private readonly bool[] _taken = new bool[shards.Length];

    /// <summary>How many records there were.</summary>
    public int Count => count;

    /// <summary>The shard's records at the freeze, by rising id. Each shard is to be asked for once.</summary>
    public TaskRecord[] Take(ShardId shard)
    {
        var records = shards[shard.Value].Take(this);
        Array.Sort(records, static (left, right) => left.Id.CompareTo(right.Id));
        return records;
    }

    /// <summary>Under the shard's lock: whether it is still to be read and not yet copied.</summary>
    public bool Needs(ShardId shard) => !_taken[shard.Value] && _kept[shard.Value] is null;

    /// <summary>Under the shard's lock.</summary>
    public void Keep(ShardId shard, TaskRecord[] records) => _kept[shard.Value] = records;

    /// <summary>Under the shard's lock: the copy, or null where the shard is as it was.</summary>
    public TaskRecord[]? TakeKept(ShardId shard)
    {
        if (_taken[shard.Value])
            throw new InvalidOperationException($"Shard {shard.Value} of a frozen state was read before.");

        _taken[shard.Value] = true;
        var kept = _kept[shard.Value];
        _kept[shard.Value] = null;
        return kept;
    }
}
