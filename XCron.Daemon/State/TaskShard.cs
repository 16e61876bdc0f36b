using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>One of the 256 parts of the records, under one lock.</summary>
internal sealed class TaskShard(ShardId shard)
{
    private readonly Lock _lock = new();
    private readonly IdMap<TaskRecord> _records = new();

    public TaskRecord? Find(TaskId id)
    {
        lock (_lock)
            return _records.TryGetValue(id.Value, out var record) ? record : null;
    }

    /// <summary>All records as of one moment, in no order.</summary>
    public TaskRecord[] Copy()
    {
        lock (_lock)
            return CopyLocked();
    }

    /// <summary>Returns whether the task is new.</summary>
    public bool Put(TaskRecord record, ReadOnlySpan<FrozenTasks> freezes)
    {
        lock (_lock)
        {
            Keep(freezes);
            var countBefore = _records.Count;
            _records[record.Id.Value] = record;
            return _records.Count > countBefore;
        }
    }

    /// <summary>Returns whether there was such a task.</summary>
    public bool Remove(TaskId id, ReadOnlySpan<FrozenTasks> freezes)
    {
        lock (_lock)
        {
            Keep(freezes);
            return _records.Remove(id.Value, out _);
        }
    }

    /// <summary>The records as they were at the freeze; each shard is taken once.</summary>
    public TaskRecord[] Take(FrozenTasks freeze)
    {
        lock (_lock)
            return freeze.TakeKept(shard) ?? CopyLocked();
    }

    private void Keep(ReadOnlySpan<FrozenTasks> freezes)
    {
        foreach (var freeze in freezes)
        {
            if (freeze.Needs(shard))
                freeze.Keep(shard, CopyLocked());
        }
    }

    private TaskRecord[] CopyLocked()
    {
        var copy = new TaskRecord[_records.Count];
        _records.CopyTo(copy);
        return copy;
    }
}
