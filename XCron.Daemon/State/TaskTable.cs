using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// The records by id, in 256 shards with a lock each. Changed by the applier alone, read from any thread. A freeze
/// costs nothing by itself: a shard is copied when it is first changed while somebody still needs it as it was.
/// </summary>
internal sealed class TaskTable
{
    private readonly TaskShard[] _shards = new TaskShard[ShardId.Count];
    private readonly Lock _freezing = new();

    // Volatile: read by the applier at each change, replaced by whoever ends a freeze. Almost always empty.
    private volatile FrozenTasks[] _freezes = [];

    // Of the applier alone.
    private int _count;

    public TaskTable()
    {
        for (var i = 0; i < _shards.Length; i++)
            _shards[i] = new TaskShard(new ShardId(i));
    }

    public TaskRecord? Find(TaskId id) => _shards[ShardId.Of(id).Value].Find(id);

    public TaskRecord[] RecordsOf(ShardId shard) => _shards[shard.Value].Copy();

    public void Put(TaskRecord record)
    {
        if (_shards[ShardId.Of(record.Id).Value].Put(record, _freezes))
            _count++;
    }

    public void Remove(TaskId id)
    {
        if (_shards[ShardId.Of(id).Value].Remove(id, _freezes))
            _count--;
    }

    /// <summary>
    /// Holds all records as they are now, until <see cref="End"/>. From any thread: the change under way, if any, is
    /// either in it or not, and its count is exact only on the applier's.
    /// </summary>
    public FrozenTasks Freeze()
    {
        var freeze = new FrozenTasks(_shards, _count);
        lock (_freezing)
            _freezes = [.. _freezes, freeze];
        return freeze;
    }

    /// <summary>From any thread; once more does no harm.</summary>
    public void End(FrozenTasks freeze)
    {
        lock (_freezing)
            _freezes = [.. _freezes.Where(other => other != freeze)];
    }
}
