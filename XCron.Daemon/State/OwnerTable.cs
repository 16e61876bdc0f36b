using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>Which session owns which shard. Changed by the applier alone, read from any thread.</summary>
internal sealed class OwnerTable
{
    // Volatile: replaced whole by the applier, so that readers see one epoch with its owners.
    private volatile Ownership _current = Ownership.Nobody;

    public Ownership Current => _current;

    public void Set(Ownership ownership) => _current = ownership;
}

/// <summary>The table at one epoch. Nobody changes the array.</summary>
internal sealed record Ownership(long Epoch, OwnerSession[] Sessions)
{
    public static Ownership Nobody { get; } = new(0, new OwnerSession[ShardId.Count]);

    public OwnerSession Of(ShardId shard) => Sessions[shard.Value];

    public OwnerSession Of(TaskId id) => Sessions[ShardId.Of(id).Value];
}
