using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>Shards that get another owner.</summary>
internal sealed record AssignmentChange(OwnerSession Owner, IReadOnlyList<ShardId> Shards);

/// <summary>
/// Who is to own which shard. A pure function: equal inputs, equal plans. Shards are spread as evenly as whole numbers
/// allow, and of all plans that do so this is one that moves the fewest shards from node to node.
/// </summary>
internal static class AssignmentPlan
{
    /// <param name="owners">The table as it is, an owner for each shard.</param>
    /// <param name="live">Who may own shards, each node once, in the order in which equals are served.</param>
    /// <returns>The changes, by the order of <paramref name="live"/>; none where nobody is live.</returns>
    public static IReadOnlyList<AssignmentChange> Compute(
        ReadOnlySpan<OwnerSession> owners, IReadOnlyList<OwnerSession> live)
    {
        if (live.Count == 0)
            return [];

        var planned = new int[owners.Length];
        var counts = new int[live.Count];
        KeepWhereTheyAre(owners, live, planned, counts);
        var targets = TargetsOf(counts, owners.Length);
        MoveToTargets(planned, counts, targets);

        List<AssignmentChange> changes = [];
        for (var position = 0; position < live.Count; position++)
        {
            List<ShardId> shards = [];
            for (var shard = 0; shard < owners.Length; shard++)
            {
                if (planned[shard] == position && owners[shard] != live[position])
                    shards.Add(new ShardId(shard));
            }

            if (shards.Count > 0)
                changes.Add(new AssignmentChange(live[position], shards));
        }

        return changes;
    }

    /// <summary>A shard stays with its node, whichever process that now is; -1 where the node is not live.</summary>
    private static void KeepWhereTheyAre(
        ReadOnlySpan<OwnerSession> owners, IReadOnlyList<OwnerSession> live, int[] planned, int[] counts)
    {
        var positions = new Dictionary<NodeId, int>();
        for (var position = 0; position < live.Count; position++)
            positions.Add(live[position].Node, position);

        for (var shard = 0; shard < owners.Length; shard++)
        {
            if (!owners[shard].IsNone && positions.TryGetValue(owners[shard].Node, out var position))
            {
                planned[shard] = position;
                counts[position]++;
            }
            else
            {
                planned[shard] = -1;
            }
        }
    }

    /// <summary>Shards left over by the division go, one each, to those with most: there they need not move.</summary>
    private static int[] TargetsOf(int[] counts, int shardCount)
    {
        var targets = new int[counts.Length];
        Array.Fill(targets, shardCount / counts.Length);
        foreach (var position in Enumerable.Range(0, counts.Length)
            .OrderByDescending(position => counts[position])
            .Take(shardCount % counts.Length))
        {
            targets[position]++;
        }

        return targets;
    }

    private static void MoveToTargets(int[] planned, int[] counts, int[] targets)
    {
        var taker = 0;
        for (var shard = planned.Length - 1; shard >= 0; shard--)
        {
            var position = planned[shard];
            if (position >= 0 && counts[position] <= targets[position])
                continue;

            // Those below their target and those above it, with the shards of nobody, come out even.
            while (counts[taker] >= targets[taker])
                taker++;
            planned[shard] = taker;
            counts[taker]++;
            if (position >= 0)
                counts[position]--;
        }
    }
}
