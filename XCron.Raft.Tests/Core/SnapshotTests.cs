using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>The Raft paper §7: snapshots, the log cut behind them, and followers that need one.</summary>
internal sealed class SnapshotTests
{
    private static readonly Membership Three = Make.Cluster(3);

    // §7: "Although servers normally take snapshots independently, the leader must occasionally send snapshots to
    // followers that lag behind. This happens when the leader has already discarded the next log entry that it needs".
    [Test]
    public void A_follower_behind_the_cut_log_gets_the_snapshot_and_then_follows()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        cluster[3].Crash();
        for (var i = 0; i < 20; i++)
            leader.Propose();
        cluster.Run(200);
        var mark = leader.TakeSnapshot();
        leader.Propose();
        cluster.Settle();

        cluster[3].Start();
        cluster.Run(1000);

        Assert.That(cluster[3].Disk.Snapshot, Is.EqualTo(mark));
        Assert.That(cluster[3].Core.Log.View.Base, Is.EqualTo(mark.Index));
        ClusterChecks.CheckEqual(cluster.Nodes);
        Assert.That(Peer(leader, 3).State, Is.EqualTo(PeerState.Replicate));
    }

    // §7: "If instead the follower receives a snapshot that describes a prefix of its log [...], then log entries
    // covered by the snapshot are deleted but entries following the snapshot are still valid and must be retained."
    [Test]
    public void Entries_behind_the_snapshot_stay_where_the_log_agrees_with_it()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 2, 2], term: 2));

        node.Install(new SnapshotMark(Make.At(4), new Term(2), Three, Make.At(1)), Make.Log(Three, 1, 1, 1, 2));

        Assert.That((node.Last, node.Commit, node.Applied.Value), Is.EqualTo((5L, 4L, 4L)));
        node.Receive(Say.Heartbeat(2, 1, 2, commit: 5));
        Assert.That(node.Machine, Has.Count.EqualTo(5));
        node.Restart();
        Assert.That((node.Last, node.Applied.Value), Is.EqualTo((5L, 4L)));
    }

    // S46, hashicorp 697: an entry of another term at the snapshot's index: nothing of the log may be kept.
    [TestCase("1 1 1 1 1 1", TestName = "A log with another entry at the snapshots index is dropped")]
    [TestCase("1 1", TestName = "A log that ends before the snapshot is dropped")]
    public void A_log_that_does_not_agree_is_dropped_as_a_whole(string terms)
    {
        var node = new CoreNode(1, Make.State(Three, [.. terms.Split(' ').Select(long.Parse)], term: 2));

        var mark = new SnapshotMark(Make.At(4), new Term(2), Make.Cluster(5), Make.At(3));
        node.Install(mark, Make.Log(Three, 1, 1, 1, 2));

        Assert.That((node.Last, node.Commit, node.Core.Log.View.Base.Value), Is.EqualTo((4L, 4L, 4L)));
        Assert.That(node.Core.Membership.Voters, Has.Length.EqualTo(5), "its configuration is in force");
        Assert.That((node.Disk.Last.Value, node.Core.Log.Durable.Value), Is.EqualTo((4L, 4L)));
        node.Receive(Say.Append(2, 1, 2, 4, 2, commit: 5, Make.Command(5, 2)));
        Assert.That((node.Last, node.Applied.Value), Is.EqualTo((5L, 5L)));
        node.Restart();
        Assert.That((node.Last, node.Core.Log.View.LastTerm.Value), Is.EqualTo((5L, 2L)));
    }

    // S46: "behind commit (ignore, ack commit)".
    [Test]
    public void A_snapshot_of_what_is_committed_here_is_not_pulled_but_answered()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 1], commit: 3));

        node.Receive(Say.Offer(2, 1, 1, index: 3, entryTerm: 1));

        Assert.That(node.Installs, Is.Empty);
        Assert.That(node.Take<Message.AppendResponse>(), Is.EqualTo(new[] { Say.Accepted(1, 2, 1, match: 3) }));
    }

    [Test]
    public void A_snapshot_that_comes_after_its_entries_were_applied_changes_nothing()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 1]));
        node.Receive(Say.Heartbeat(2, 1, 1, commit: 4));

        node.Core.OnSnapshotInstalled(new SnapshotMark(Make.At(3), new Term(1), Three, Make.At(1)));
        node.Pump();

        Assert.That((node.Last, node.Commit, node.Core.Log.Snapshot), Is.EqualTo((4L, 4L, (SnapshotMark?)null)));
    }

    [Test]
    public void An_offer_is_repeated_with_the_heartbeats_and_pulled_once()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));

        for (var i = 0; i < 5; i++)
            node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));

        var wanted = new Effect.InstallSnapshot(Make.Id(2), Make.At(9), new Term(1));
        Assert.That(node.Installs, Is.EqualTo(new[] { wanted }));
    }

    [Test]
    public void A_pull_that_failed_is_begun_again_with_the_next_offer()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));

        node.FailInstall(9);
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));

        Assert.That(node.Installs, Has.Count.EqualTo(1));
    }

    // S46: "longer matching (keep suffix)": not even a pull is needed.
    [Test]
    public void A_snapshot_whose_last_entry_is_in_the_log_is_not_pulled()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 2, 2], term: 2));

        node.Receive(Say.Offer(2, 1, 2, index: 3, entryTerm: 2));

        Assert.That((node.Installs.Count, node.Commit, node.Last), Is.EqualTo((0, 3L, 4L)));
        Assert.That(node.Take<Message.AppendResponse>(), Is.EqualTo(new[] { Say.Accepted(1, 2, 2, match: 3) }));
    }

    // "consul 9609, camunda 5135: snapshot slower than log truncation -> loop".
    [Test]
    public void A_pull_under_way_is_not_given_up_for_another_snapshot_of_the_same_leader()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));

        node.Receive(
            Say.Offer(2, 1, 1, 9, 1), Say.Offer(2, 1, 1, 12, 1), Say.Offer(2, 1, 1, 9, 1), Say.Offer(2, 1, 1, 5, 1));
        Assert.That(node.Installs.Select(install => install.Index.Value), Is.EqualTo(new long[] { 9 }));

        node.FailInstall(9);
        node.Receive(Say.Offer(2, 1, 1, index: 12, entryTerm: 1));
        Assert.That(node.Installs.Select(install => install.Index.Value), Is.EqualTo(new long[] { 12 }));
    }

    [Test]
    public void The_end_of_an_earlier_pull_does_not_end_a_later_one([Values] bool failed)
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));
        node.Receive(Say.Offer(3, 1, 2, index: 12, entryTerm: 2));
        Assert.That(node.Installs, Has.Count.EqualTo(2));

        if (failed)
        {
            node.FailInstall(9);
        }
        else
        {
            node.Install(
                new SnapshotMark(Make.At(9), new Term(1), Three, Make.At(1)),
                Make.Log(Three, [.. Enumerable.Repeat(1L, 9)]));
        }

        node.Receive(Say.Offer(3, 1, 2, index: 12, entryTerm: 2));
        Assert.That(node.Installs, Has.Count.EqualTo(1), "that of 12 is still under way");
    }

    // S47: "leader change midway": the new leader's offer counts.
    [Test]
    public void A_new_leaders_offer_is_pulled_from_the_new_leader()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));
        node.Receive(Say.Offer(3, 1, 2, index: 12, entryTerm: 2), Say.Offer(2, 1, 1, index: 9, entryTerm: 1));

        Assert.That(node.Installs[^1], Is.EqualTo(new Effect.InstallSnapshot(Make.Id(3), Make.At(12), new Term(2))));
        Assert.That(node.Installs, Has.Count.EqualTo(2), "the old leader's is not asked for again");
    }

    [Test]
    public void A_snapshot_without_this_node_among_the_voters_ends_its_campaign()
    {
        var node = new CoreNode(4, Make.State(Make.Cluster(4), [1]));
        node.Receive(Say.Offer(2, 4, 1, index: 9, entryTerm: 1));
        node.Wait(2000);
        Assert.That(node.Kind, Is.EqualTo(RaftRole.PreCandidate));

        node.Install(
            new SnapshotMark(Make.At(9), new Term(1), Three, Make.At(8)),
            [.. Make.Log(Three, [.. Enumerable.Repeat(1L, 9)])]);

        Assert.That((node.Kind, node.Core.NextDeadlineMs), Is.EqualTo((RaftRole.Follower, long.MaxValue)));
    }

    [Test]
    public void An_installed_snapshot_is_acknowledged_once_the_log_on_disk_begins_behind_it()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));

        node.Install(
            new SnapshotMark(Make.At(9), new Term(1), Three, Make.At(1)),
            Make.Log(Three, [.. Enumerable.Repeat(1L, 9)]));
        Assert.That(node.Take<Message.AppendResponse>(), Is.Empty);

        node.Flush();
        Assert.That(node.Take<Message.AppendResponse>(), Is.EqualTo(new[] { Say.Accepted(1, 2, 1, match: 9) }));
    }

    [Test]
    public void A_follower_tells_which_snapshot_it_is_pulling_until_it_is_installed_or_failed()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        var before = node.Core.InstallingSnapshot.Value;
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));
        var pulling = node.Core.InstallingSnapshot.Value;
        node.FailInstall(9);
        var failed = node.Core.InstallingSnapshot.Value;
        node.Receive(Say.Offer(2, 1, 1, index: 9, entryTerm: 1));
        var again = node.Core.InstallingSnapshot.Value;

        node.Install(
            new SnapshotMark(Make.At(9), new Term(1), Three, Make.At(1)),
            Make.Log(Three, [.. Enumerable.Repeat(1L, 9)]));

        Assert.That(
            (before, pulling, failed, again, node.Core.InstallingSnapshot.Value), Is.EqualTo((0L, 9L, 0L, 9L, 0L)));
    }

    // S46: a crash between the snapshot's file and the log that begins anew behind it.
    [Test]
    public void A_crash_before_the_log_begins_anew_leaves_the_snapshot()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1])) { HoldsDisk = true };
        node.Install(
            new SnapshotMark(Make.At(9), new Term(1), Three, Make.At(1)),
            Make.Log(Three, [.. Enumerable.Repeat(1L, 9)]));

        node.Restart();

        Assert.That((node.Last, node.Commit, node.Applied.Value), Is.EqualTo((9L, 9L, 9L)));
    }

    [Test]
    public void A_crash_before_the_snapshots_own_term_is_on_disk_leaves_a_node_that_starts()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Offer(2, 1, 5, index: 9, entryTerm: 5));
        node.Install(
            new SnapshotMark(Make.At(9), new Term(5), Three, Make.At(1)),
            Make.Log(Three, [.. Enumerable.Repeat(1L, 8), 5]));

        node.Restart();
        node.Flush();

        Assert.That((node.Term, node.Last, node.Core.Vote), Is.EqualTo((5L, 9L, NodeId.None)));
        Assert.That(node.Disk.HardState.Term.Value, Is.EqualTo(5));
    }

    [Test]
    public void A_log_with_an_entry_of_a_later_term_than_the_nodes_own_is_damage() => Assert.That(
        () => new CoreNode(1, Make.State(Three, [1, 3], term: 2)), Throws.TypeOf<InvariantException>());

    // S48's core: whatever the answer is, it leads on.
    [Test]
    public void A_peer_in_need_of_a_snapshot_is_offered_the_newest_until_it_answers()
    {
        var node = LeaderWithSnapshot();
        Assert.That(Peer(node, 2).State, Is.EqualTo(PeerState.Snapshot));

        node.Wait(100);
        Assert.That(node.Take<Message.SnapshotOffer>().Single().Index.Value, Is.EqualTo(12));

        node.Propose();
        node.Receive(Say.Accepted(3, 1, 2, match: 13));
        node.TakeSnapshot(keepFrom: 13);
        node.Wait(100);
        Assert.That(node.Take<Message.SnapshotOffer>().Single().Index.Value, Is.EqualTo(13));

        node.Receive(Say.Accepted(2, 1, 2, match: 12));
        Assert.That(Peer(node, 2).State, Is.EqualTo(PeerState.Replicate), "the older one is enough");
        Assert.That(node.Take<Message.AppendRequest>().Single().PrevIndex.Value, Is.EqualTo(12));
    }

    [Test]
    public void The_log_behind_the_snapshot_that_a_peer_is_pulling_is_kept_for_it()
    {
        var node = LeaderWithSnapshot();
        node.Propose();
        node.Receive(Say.Accepted(3, 1, 2, match: 13));
        node.TakeSnapshot(keepFrom: 14);
        node.Sent.Clear();

        node.Receive(Say.Accepted(2, 1, 2, match: 12));

        Assert.That(Peer(node, 2).State, Is.EqualTo(PeerState.Replicate), "it need not pull again");
        Assert.That(node.Take<Message.AppendRequest>().Single().PrevIndex.Value, Is.EqualTo(12));
    }

    [Test]
    public void Entries_that_are_gone_from_disk_as_well_are_replaced_by_an_offer()
    {
        var node = LeaderWithSnapshot(keepFrom: 1);
        node.Core.OnPeerDisconnected(Make.Id(3));
        node.Receive(Say.Rejected(2, 1, 2, prev: Peer(node, 2).Next.Previous.Value, 0, conflictIndex: 2));
        node.Sent.Clear();
        if (Peer(node, 2).Loading is { } from)
        {
            node.Core.OnEntriesLoaded(Make.Id(2), from, []);
            node.Pump();
        }

        Assert.That(Peer(node, 2).State, Is.EqualTo(PeerState.Snapshot));
        Assert.That(node.Take<Message.SnapshotOffer>(), Has.Length.EqualTo(1));
    }

    [Test]
    public void The_log_is_never_cut_past_the_snapshot()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 1, 1, 1], commit: 6));

        node.Core.OnSnapshotTaken(new SnapshotMark(Make.At(3), new Term(1), Three, Make.At(1)), keepFrom: Make.At(6));

        Assert.That(node.Core.Log.View.Base, Is.EqualTo(Make.At(3)));
    }

    [Test]
    public void An_older_snapshot_of_its_own_says_nothing_new()
    {
        var node = LeaderWithSnapshot();
        var before = node.Core.Log.Snapshot;

        node.Core.OnSnapshotTaken(new SnapshotMark(Make.At(5), new Term(1), Three, Make.At(1)), Make.At(6));

        Assert.That(node.Core.Log.Snapshot, Is.SameAs(before));
    }

    /// <summary>Node 1 leads; number 3 has all 12 entries; number 2 needs entry 2, and the log is cut.</summary>
    private static CoreNode LeaderWithSnapshot(long? keepFrom = null)
    {
        var options = new CoreOptions { Self = default, CachedLogBytes = keepFrom is null ? 1 << 20 : 10 };
        var node = new CoreNode(1, Make.State(Three, [1]), options).Lead();
        for (var i = 0; i < 10; i++)
            node.Propose();
        node.HoldsLoads = keepFrom is not null;
        node.Receive(Say.Accepted(3, 1, 2, match: 12));
        node.TakeSnapshot(keepFrom);
        if (keepFrom is null)
            node.Receive(Say.Rejected(2, 1, 2, prev: 1, conflictTerm: 0, conflictIndex: 1));
        node.Sent.Clear();
        return node;
    }

    private static PeerProgress Peer(CoreNode leader, int number) =>
        leader.Core.Peers.Single(peer => peer.Id == Make.Id(number));
}
