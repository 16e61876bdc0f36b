using System.Buffers;
using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>The state as it was when this was made, on the applier's thread; written on another.</summary>
internal sealed class SnapshotView : ISnapshotView
{
    private const int ChunkBytes = 64 * 1024;

    private readonly TaskTable _table;
    private readonly FrozenTasks _tasks;
    private readonly Ownership _ownership;
    private readonly long[] _counters;

    public SnapshotView(StateTables tables)
    {
        _table = tables.Tasks;
        _tasks = tables.Tasks.Freeze();
        _ownership = tables.Owners.Current;
        _counters = tables.Counters.Copy();
    }

    public async ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken)
    {
        foreach (var chunk in Chunks())
            await destination.WriteAsync(chunk, cancellationToken);
    }

    /// <summary>The snapshot's bytes in pieces; each is valid until the next is asked for. Once only.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        var chunk = new ArrayBufferWriter<byte>(ChunkBytes);
        SnapshotFormat.Write(SnapshotFormat.HeaderOf(_ownership, _counters, _tasks.Count), chunk);
        for (var shard = 0; shard < ShardId.Count; shard++)
        {
            foreach (var record in _tasks.Take(new ShardId(shard)))
            {
                SnapshotFormat.Write(SnapshotFormat.MessageOf(record), chunk);
                if (chunk.WrittenCount < ChunkBytes)
                    continue;

                yield return chunk.WrittenMemory;
                chunk.ResetWrittenCount();
            }
        }

        if (chunk.WrittenCount > 0)
            yield return chunk.WrittenMemory;
    }

    public void Dispose() => _table.End(_tasks);
}
