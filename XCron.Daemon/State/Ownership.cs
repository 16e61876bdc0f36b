using System.Collections.Immutable;
using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>The table at one epoch.</summary>
/// <param name="Epoch">Raised by one with each change.</param>
/// <param name="Sessions">The owner of each shard.</param>
/// <param name="Ending">
/// Who owns nothing any more, is granted nothing by that, and may still end what it has begun.
/// </param>
internal sealed record Ownership(
    long Epoch, ImmutableArray<OwnerSession> Sessions, ImmutableArray<OwnerSession> Ending)
{
    public static Ownership Nobody { get; } = new(0, [.. new OwnerSession[ShardId.Count]], []);

    public OwnerSession Of(ShardId shard) => Sessions[shard.Value];

    public OwnerSession Of(TaskId id) => Sessions[ShardId.Of(id).Value];

    /// <summary>
    /// Whether a session is alive, as the log has it. One that is down loses all its shards at once. So when a shard
    /// moves between two that are up, or from one that is to go, the run that is on its way stays with the one that has
    /// it and is sent once; the new owner claims it only when the other is gone. Both sides go by this, the sender by a
    /// fresh look.
    /// </summary>
    public bool IsAlive(OwnerSession session) =>
        !session.IsNone && (Sessions.Contains(session) || Ending.Contains(session));
}
