using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>The Raft paper §5.3 figure 7, §5.4.2 figure 8, and thesis §10.2.1.</summary>
internal sealed class SafetyTests
{
    // Figure 7: "When the leader at the top comes to power, it is possible that any of scenarios (a–f) could occur in
    // follower logs." The leader's log is 1 1 1 4 4 5 5 6 6 6.
    [TestCase("1 1 1 4 4 5 5 6 6", TestName = "Figure 7 a")]
    [TestCase("1 1 1 4", TestName = "Figure 7 b")]
    [TestCase("1 1 1 4 4 5 5 6 6 6 6", TestName = "Figure 7 c")]
    [TestCase("1 1 1 4 4 5 5 6 6 6 7 7", TestName = "Figure 7 d")]
    [TestCase("1 1 1 4 4 4 4", TestName = "Figure 7 e")]
    [TestCase("1 1 1 2 2 2 3 3 3 3 3", TestName = "Figure 7 f")]
    public void Every_follower_of_figure_7_comes_to_agree(string followerTerms)
    {
        // Three voters: with the vote of number 3, whose log is as its own, number 1 leads term 8.
        long[] leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
        long[] followers = [.. followerTerms.Split(' ').Select(long.Parse)];
        var membership = Make.Cluster(3);
        var cluster = new CoreCluster(3, number => Make.State(membership, number == 2 ? followers : leaders, term: 7));
        cluster.Isolate(2);
        var leader = cluster.Elect(1);
        cluster.Heal();
        cluster.Delivered.Clear();

        cluster.Run(1000);

        Assert.That(string.Join(' ', cluster[2].Terms), Is.EqualTo("1 1 1 4 4 5 5 6 6 6 8"));
        ClusterChecks.CheckEqual(cluster.Nodes);
        var rejections = cluster.Delivered.OfType<Message.AppendResponse>().Count(answer => !answer.Accepted);
        Assert.That(rejections, Is.LessThanOrEqualTo(3), "one look for each term, not for each entry");
        Assert.That(leader.IsLeader);
    }

    // S11: "O(terms) not O(entries) round trips".
    [Test]
    public void Where_logs_meet_is_found_in_as_many_looks_as_there_are_terms()
    {
        var membership = Make.Cluster(3);
        long[] leaders = [1, .. Enumerable.Repeat(5L, 500)];
        long[] follower =
            [1, .. Enumerable.Repeat(2L, 200), .. Enumerable.Repeat(3L, 200), .. Enumerable.Repeat(4L, 200)];
        var cluster = new CoreCluster(3, number => Make.State(membership, number == 2 ? follower : leaders, term: 6));
        cluster.Isolate(2);
        cluster.Elect(1);
        cluster.Heal();
        cluster.Delivered.Clear();

        cluster.Run(1000);

        Assert.That(cluster[2].Terms, Is.EqualTo(cluster[1].Terms));
        Assert.That(
            cluster.Delivered.OfType<Message.AppendResponse>().Count(answer => !answer.Accepted),
            Is.LessThanOrEqualTo(4));
    }

    // §5.4.2: "a leader cannot immediately conclude that an entry from a previous term is committed once it is stored
    // on a majority of servers." Figure 8 (a)-(d): an entry of term 2 is on a majority, and yet is overwritten by one
    // of term 3.
    [Test]
    public void Figure_8_an_entry_of_an_old_term_on_a_majority_is_not_committed_and_may_be_overwritten()
    {
        var cluster = FigureEightUpToC();
        Assert.That(cluster.Nodes.Take(3).Select(node => node.Terms[1]), Is.All.EqualTo(2), "on a majority");
        Assert.That(cluster.Nodes.Select(node => node.Commit), Is.All.EqualTo(1), "and not committed");

        // (d): S1 crashes, S5 is elected by S2, S3 and S4, and overwrites.
        cluster[1].Crash();
        cluster.Heal();
        cluster.Loses = static _ => false;
        cluster.Elect(5);
        cluster[1].Start();
        cluster.Run(1000);

        Assert.That(cluster.Nodes.Select(node => node.Terms[1]), Is.All.EqualTo(3));
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    // §5.4.2, figure 8 (e): "if S1 replicates an entry from its current term on a majority of the servers before
    // crashing, as in (e), then this entry is committed (S5 cannot win an election). At this point all preceding
    // entries in the log are committed as well."
    [Test]
    public void Figure_8_once_an_entry_of_the_own_term_is_on_a_majority_all_before_it_are_safe()
    {
        var cluster = FigureEightUpToC();
        cluster.Loses = static message => message.To == Make.Id(5) || message.From == Make.Id(5);
        cluster.Run(500);
        Assert.That(cluster[1].Commit, Is.EqualTo(3));

        cluster[1].Crash();
        cluster.Loses = static _ => false;
        cluster.Campaign(5);
        Assert.That(cluster[5].IsLeader, Is.False, "S2 and S3 hold what S5 lacks");
        cluster.Run(5000);
        cluster[1].Start();
        cluster.Run(2000);

        Assert.That(cluster.Nodes.Select(node => node.Terms[1]), Is.All.EqualTo(2));
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    // §5.4.2: "Raft never commits log entries from previous terms by counting replicas."
    [Test]
    public void Only_an_entry_of_the_own_term_is_committed_by_counting()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 2, 2])).Lead();

        node.Receive(Say.Accepted(2, 1, 3, match: 3), Say.Accepted(3, 1, 3, match: 3));
        Assert.That(node.Commit, Is.EqualTo(1));

        node.Receive(Say.Accepted(2, 1, 3, match: 4));
        Assert.That(node.Commit, Is.EqualTo(4));
    }

    // S8, §8: "each leader commit a blank no-op entry into the log at the start of its term."
    [Test]
    public void A_new_leader_appends_a_no_op_and_commits_nothing_before_it()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1])).Lead();

        Assert.That(node.Core.Log.View.Entry(Make.At(3)).Kind, Is.EqualTo(EntryKind.NoOp));
        Assert.That(node.Terms, Is.EqualTo(new long[] { 1, 1, 2 }));
        Assert.That(node.Commit, Is.EqualTo(1));
    }

    // S9, thesis §10.2.1: "If the leader's disk is slow, it may even commit an entry before it has been written to its
    // own disk, if a majority of followers have written it".
    [Test]
    public void A_leader_counts_its_own_log_only_as_far_as_it_is_on_disk()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(5), [1])).Lead();
        node.HoldsDisk = true;
        node.Propose();

        node.Receive(Say.Accepted(2, 1, 2, match: 3), Say.Accepted(3, 1, 2, match: 3));
        Assert.That(node.Commit, Is.EqualTo(2), "two others and not the own disk are no majority");

        node.Flush();
        Assert.That(node.Commit, Is.EqualTo(3));

        node.Propose();
        node.Receive(
            Say.Accepted(2, 1, 2, match: 4), Say.Accepted(3, 1, 2, match: 4), Say.Accepted(4, 1, 2, match: 4));
        Assert.That((node.Commit, node.Applied.Value), Is.EqualTo((4L, 4L)), "three others are one");
        Assert.That(node.Disk.Last.Value, Is.EqualTo(3));
    }

    // S9: "crash of leader before flush loses nothing".
    [Test]
    public void What_was_committed_without_the_leaders_disk_survives_the_leaders_crash()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        leader.HoldsDisk = true;
        leader.Propose();
        cluster.Settle();
        Assert.That((leader.Commit, leader.Disk.Last.Value), Is.EqualTo((3L, 2L)));

        leader.Crash();
        leader.HoldsDisk = false;
        cluster.Run(5000);
        leader.Start();
        cluster.Run(2000);

        Assert.That(cluster.Nodes.Select(node => node.Terms[2]), Is.All.EqualTo(2));
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    // S39's arithmetic, §6: commitment needs both majorities while a configuration is being left.
    [Test]
    public void In_a_joint_configuration_both_majorities_must_have_an_entry()
    {
        var joint = Make.Joint([1, 2, 3], [1, 4, 5]);
        var node = new CoreNode(1, Make.State(joint, [1]));
        node.Wait(2000);
        node.Receive(Say.Voted(2, 1, 2, preVote: true), Say.Voted(3, 1, 2, preVote: true));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.PreCandidate), "one majority is not enough");
        node.Receive(Say.Voted(4, 1, 2, preVote: true));
        node.Receive(Say.Voted(4, 1, 2), Say.Voted(5, 1, 2));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Candidate), "one majority is not enough");
        node.Receive(Say.Voted(3, 1, 2));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Leader));

        node.Receive(Say.Accepted(2, 1, 2, match: 2), Say.Accepted(3, 1, 2, match: 2));
        Assert.That(node.Commit, Is.EqualTo(1));
        node.Receive(Say.Accepted(5, 1, 2, match: 2));
        Assert.That(node.Commit, Is.EqualTo(2));
    }

    // S53
    [Test]
    public void More_than_the_budget_of_uncommitted_bytes_is_refused_until_something_is_committed()
    {
        var options = new CoreOptions { Self = default, MaxUncommittedBytes = 128 + 100, MaxEntryBytes = 300 };
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]), options).Lead();
        node.Receive(Say.Accepted(2, 1, 2, match: 2));

        Assert.That(node.Propose(bytes: 60).Accepted);
        Assert.That(node.Propose(bytes: 41).Reason, Is.EqualTo(RejectReason.Overloaded));
        Assert.That(node.Propose(bytes: 40).Accepted, "exactly the budget");
        Assert.That(node.Propose(bytes: 301).Reason, Is.EqualTo(RejectReason.TooLarge));

        node.Receive(Say.Accepted(2, 1, 2, match: 4));
        Assert.That(node.Propose(bytes: 300).Accepted, "where nothing waits a large one may pass");
        Assert.That(node.Propose(bytes: 1).Reason, Is.EqualTo(RejectReason.Overloaded));
    }

    // S53: "enforced across leader changes; heartbeats/config/no-op still pass".
    [Test]
    public void A_new_leader_counts_what_it_inherits_and_its_no_op_passes()
    {
        var options = new CoreOptions { Self = default, MaxUncommittedBytes = 20 };
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1, 1, 1]), options).Lead();

        Assert.That(node.Last, Is.EqualTo(5), "the no-op is there");
        Assert.That(node.Propose().Reason, Is.EqualTo(RejectReason.Overloaded), "24 bytes are inherited");

        node.Receive(Say.Accepted(2, 1, 2, match: 5));
        Assert.That(node.Propose().Accepted);
    }

    // What a quorum of followers commits need not be on the leader's disk or applied there: memory holds it meanwhile.
    [Test]
    public void What_waits_for_the_own_disk_or_state_machine_counts_against_the_budget([Values] bool diskHangs)
    {
        var options = new CoreOptions { Self = default, MaxUncommittedBytes = 100 };
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]), options).Lead();
        node.Receive(Say.Accepted(2, 1, 2, match: 2));
        (node.HoldsDisk, node.HoldsApplies) = (diskHangs, !diskHangs);

        Assert.That(node.Propose(bytes: 100).Accepted);
        node.Receive(Say.Accepted(2, 1, 2, match: 3), Say.Accepted(3, 1, 2, match: 3));
        Assert.That(node.Commit, Is.EqualTo(3));
        Assert.That(node.Propose(bytes: 10).Reason, Is.EqualTo(RejectReason.Overloaded));

        node.Flush();
        node.Apply();
        Assert.That(node.Propose(bytes: 10).Accepted);
    }

    // A snapshot that was pulled before the election may be installed after it; what it commits leaves the budget too.
    [Test]
    public void What_a_late_snapshot_commits_leaves_the_budget()
    {
        var options = new CoreOptions { Self = default, MaxUncommittedBytes = 30 };
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1, 1, 1]), options).Lead();
        var log = Make.Log(Make.Cluster(3), 1, 1, 1, 1);

        node.Install(new SnapshotMark(Make.At(4), new Term(1), Make.Cluster(3), Make.At(1)), log);
        node.Receive(Say.Accepted(2, 1, 2, match: 5));

        Assert.That(node.Commit, Is.EqualTo(5));
        Assert.That(node.Propose(bytes: 30).Accepted);
    }

    /// <summary>
    /// (a) S1 leads term 2 and replicates to S2 only. (b) S5 leads term 3 and replicates to nobody. (c) S1 leads again
    /// and has its entry of term 2 on S3, but none of its own term anywhere else.
    /// </summary>
    private static CoreCluster FigureEightUpToC()
    {
        var cluster = new CoreCluster(5);
        cluster.Loses = static message => message is Message.AppendRequest && message.To != Make.Id(2);
        cluster.Elect(1);
        Assert.That(cluster.Nodes.Select(node => node.Last), Is.EqualTo(new long[] { 2, 2, 1, 1, 1 }));

        cluster[1].Crash();
        cluster.Loses = static message => message is Message.AppendRequest;
        cluster.Elect(5);
        Assert.That(cluster[5].Terms, Is.EqualTo(new long[] { 1, 3 }));

        cluster[5].Crash();
        cluster[1].Start();
        cluster.Loses = static message => message is Message.AppendRequest;
        cluster.Elect(1);
        cluster[5].Start();

        // Number 1 is of a later term now and sends both entries together; the one of its own term is held back here.
        var term = cluster[1].Term;
        cluster[3].Receive(Say.Append(1, 3, term, 1, 1, commit: 1, cluster[1].Core.Log.View.Entry(Make.At(2))));
        cluster.Loses = static message => message is Message.AppendResponse;
        cluster.Settle();
        cluster[1].Receive(Say.Accepted(2, 1, term, match: 2), Say.Accepted(3, 1, term, match: 2));
        cluster.Loses = static _ => true;
        cluster.Settle();
        return cluster;
    }
}
