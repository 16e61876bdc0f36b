using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// All tasks as they were at one moment, to be read at leisure while the state goes on. To be disposed: until then what
/// changes is kept twice.
/// </summary>
internal sealed class FrozenView(TaskTable table) : IDisposable
{
    private readonly FrozenTasks _tasks = table.Freeze();

    /// <summary>Every task, in an order that equal states share. Once only.</summary>
    public IEnumerable<TaskRecord> Tasks()
    {
        for (var shard = 0; shard < ShardId.Count; shard++)
        {
            foreach (var record in _tasks.Take(new ShardId(shard)))
                yield return record;
        }
    }

    public void Dispose() => table.End(_tasks);
}
