using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>What a node holds in memory has an end, whatever stands: a disk, a state machine, a peer.</summary>
internal sealed class BackpressureTests
{
    private const int PayloadBytes = 1000;

    private static readonly CoreOptions Small = new()
    {
        Self = default,
        MaxUncommittedBytes = 20 * PayloadBytes,
        CachedLogBytes = 5 * PayloadBytes,
        MaxInflightBytes = 4 * PayloadBytes,
        MaxAppendBytes = 2 * PayloadBytes,
    };

    [Test]
    public void A_follower_whose_state_machine_stands_takes_a_bounded_amount_and_catches_up_afterwards()
    {
        var cluster = new CoreCluster(3, options: Small);
        var leader = cluster.Elect(1);
        var stuck = cluster[3];
        stuck.HoldsApplies = true;
        for (var i = 0; i < 300; i++)
        {
            Assert.That(leader.Propose(PayloadBytes).Accepted, "the others go on");
            cluster.Run(10);
        }

        Assert.That(stuck.Last, Is.InRange(18, 32), "about its bound and a window");
        cluster.Delivered.Clear();
        cluster.Run(1000);
        var repeated = cluster.Delivered.OfType<Message.AppendRequest>()
            .Count(append => append.To == stuck.Id && append.Entries.Length > 0);
        Assert.That(repeated, Is.Zero, "the leader knows and sends it nothing in vain");

        stuck.HoldsApplies = false;
        stuck.Apply();
        cluster.Run(3000);

        Assert.That(stuck.Applied, Is.EqualTo(leader.Applied));
    }

    // What is not committed is no reason to refuse: a new leader's first entry must come behind all of it.
    [Test]
    public void A_new_leader_brings_a_tail_that_is_larger_than_a_followers_bound()
    {
        var tail = Enumerable.Range(2, 60).Select(index => Make.Command(index, 1, PayloadBytes)).ToArray();
        var initial = Make.Cluster(3);
        var cluster = new CoreCluster(
            3,
            number => new RecoveredState(
                new HardState(new Term(1), NodeId.None),
                null,
                [Make.Configuration(1, 1, initial), .. number == 1 ? tail : []],
                Make.At(1)),
            Small);
        cluster[3].Crash();

        var leader = cluster.Elect(1);
        cluster.Run(2000);

        Assert.That(leader.Commit, Is.EqualTo(62));
        Assert.That(cluster[2].Applied, Is.EqualTo(Make.At(62)));
    }

    [Test]
    public void Empty_proposals_end_in_overload_too()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(1), [1]), Small).Lead();
        node.HoldsDisk = true;
        var taken = 0;
        while (taken < 10_000 && node.Propose(ReadOnlyMemory<byte>.Empty).Accepted)
            taken++;

        Assert.That(taken, Is.InRange(100, 200));
        Assert.That(
            node.Propose(ReadOnlyMemory<byte>.Empty), Is.EqualTo(ProposeAdmission.Refused(RejectReason.Overloaded)));
    }

    // S48, and its bound: a peer whose pulls never succeed must not fill the leader's disk.
    [TestCase(100, 20)]
    [TestCase(101, 28)]
    public void The_log_is_kept_for_a_pull_until_it_has_grown_to_its_bound(long logBytes, long expectedFirst)
    {
        var node = new CoreNode(
            1,
            Make.State(Make.Cluster(3), [1]),
            new CoreOptions { Self = default, MaxPinnedLogBytes = 100, CachedLogBytes = 0 });
        node.Lead();
        CommitUpTo(node, 19);
        node.TakeSnapshot();
        node.Receive(Say.Rejected(3, 1, 2, prev: 1, conflictTerm: 0, conflictIndex: 1));
        Assert.That(node.Take<Message.SnapshotOffer>(), Is.Not.Empty, "3 pulls the snapshot at 19");
        CommitUpTo(node, 30);
        node.Receive(Say.Alive(3, 1, 2));

        var mark = new SnapshotMark(Make.At(30), new Term(2), node.Core.Membership, Make.At(1));
        var first = node.Core.OnSnapshotTaken(mark, keepFrom: Make.At(28), logBytes);

        Assert.That(first, Is.EqualTo(Make.At(expectedFirst)));
    }

    private static void CommitUpTo(CoreNode node, long index)
    {
        while (node.Last < index)
            node.Propose();
        node.Receive(Say.Accepted(2, 1, 2, node.Last));
        Assert.That(node.Commit, Is.EqualTo(index));
    }
}
