using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

internal sealed class AssignmentPlanTests
{
    private const int Rounds = 2000;

    [Test]
    public void One_node_gets_every_shard()
    {
        var self = Session(1, 7);

        var changes = AssignmentPlan.Compute(new OwnerSession[ShardId.Count], [self]);

        Assert.That(changes, Has.Count.EqualTo(1));
        Assert.That(changes[0].Shards, Has.Count.EqualTo(ShardId.Count));
    }

    [Test]
    public void Nobody_live_changes_nothing()
    {
        var owners = Enumerable.Repeat(Session(1, 7), ShardId.Count).ToArray();

        Assert.That(AssignmentPlan.Compute(owners, []), Is.Empty);
    }

    [Test]
    public void A_restarted_process_takes_over_the_shards_of_its_node_and_no_other_moves()
    {
        OwnerSession[] before = [Session(1, 1), Session(2, 1), Session(3, 1)];
        var nobody = new OwnerSession[ShardId.Count];
        var owners = Apply(nobody, AssignmentPlan.Compute(nobody, before));
        var ofTheSecond = Enumerable.Range(0, ShardId.Count).Where(shard => owners[shard] == before[1]);

        var changes = AssignmentPlan.Compute(owners, [before[0], Session(2, 2), before[2]]);

        Assert.That(changes, Has.Count.EqualTo(1));
        Assert.That(changes[0].Owner, Is.EqualTo(Session(2, 2)));
        Assert.That(changes[0].Shards.Select(shard => shard.Value), Is.EqualTo(ofTheSecond));
    }

    [Test]
    public void Any_plan_is_balanced_minimal_final_and_the_same_each_time()
    {
        const int Seed = 20260101;
        var random = new Random(Seed);
        var owners = new OwnerSession[ShardId.Count];
        for (var round = 0; round < Rounds; round++)
        {
            var live = RandomLive(random);
            var because = $"seed {Seed}, round {round}";
            if (random.Next(4) == 0)
                Disturb(owners, random);

            var changes = AssignmentPlan.Compute(owners, live);
            var again = AssignmentPlan.Compute(owners, live);
            var after = Apply(owners, changes);

            var counts = live.Select(session => after.Count(owner => owner == session)).ToArray();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(counts.Sum(), Is.EqualTo(ShardId.Count), because);
                Assert.That(counts.Max() - counts.Min(), Is.LessThanOrEqualTo(1), because);
                Assert.That(Moves(owners, after), Is.EqualTo(FewestMoves(owners, live)), because);
                Assert.That(AssignmentPlan.Compute(after, live), Is.Empty, because);
                Assert.That(Apply(owners, again), Is.EqualTo(after), because);
            }

            owners = after;
        }
    }

    private static List<OwnerSession> RandomLive(Random random)
    {
        List<OwnerSession> live = [];
        for (ulong id = 1; id <= 7; id++)
        {
            if (random.Next(3) > 0)
                live.Add(Session(id, (ulong)random.Next(1, 4)));
        }

        return live.Count > 0 ? live : [Session(1, 1)];
    }

    private static void Disturb(OwnerSession[] owners, Random random)
    {
        for (var change = random.Next(ShardId.Count); change > 0; change--)
        {
            var owner = random.Next(10) == 0 ? OwnerSession.None : Session((ulong)random.Next(1, 10), 1);
            owners[random.Next(owners.Length)] = owner;
        }
    }

    /// <summary>
    /// The most that can stay, over every way to hand out the leftovers, is had by capping each node's shards at the
    /// larger share for as many nodes as there are leftovers, and at the smaller for the others.
    /// </summary>
    private static int FewestMoves(OwnerSession[] owners, List<OwnerSession> live)
    {
        var share = ShardId.Count / live.Count;
        var leftovers = ShardId.Count % live.Count;
        var held = live.Select(session => owners.Count(owner => owner.Node == session.Node)).ToArray();
        var staying = held.Sum(count => Math.Min(count, share));
        var gained = Math.Min(leftovers, held.Count(count => count > share));
        return ShardId.Count - staying - gained;
    }

    private static int Moves(OwnerSession[] before, OwnerSession[] after) =>
        before.Zip(after).Count(pair => pair.First.Node != pair.Second.Node);

    private static OwnerSession[] Apply(OwnerSession[] owners, IReadOnlyList<AssignmentChange> changes)
    {
        var after = owners.ToArray();
        foreach (var change in changes)
        {
            foreach (var shard in change.Shards)
                after[shard.Value] = change.Owner;
        }

        return after;
    }

    private static OwnerSession Session(ulong node, ulong incarnation) => new(new NodeId(node), incarnation);
}
