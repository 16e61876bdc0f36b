using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>The table at one epoch. Nobody changes the array.</summary>
internal sealed record Ownership(long Epoch, OwnerSession[] Sessions)
{
    public static Ownership Nobody { get; } = new(0, new OwnerSession[ShardId.Count]);

    public OwnerSession Of(ShardId shard) => Sessions[shard.Value];

    public OwnerSession Of(TaskId id) => Sessions[ShardId.Of(id).Value];
}
