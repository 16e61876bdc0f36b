using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>PreVote (thesis §9.6), stickiness (§4.2.3) and CheckQuorum (§6.2), and what they do together.</summary>
internal sealed class PreVoteTests
{
    private static readonly Membership Three = Make.Cluster(3);

    // S24: a query that binds nobody.
    [Test]
    public void Answering_a_pre_vote_writes_nothing_and_changes_nothing([Values] bool upToDate)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 2])) { HoldsDisk = true };
        var before = (node.Kind, node.Term, node.Core.Vote, node.Core.NextDeadlineMs);

        node.Receive(Say.Vote(2, 1, 9, lastIndex: 2, lastTerm: upToDate ? 2 : 1, preVote: true));

        Assert.That((node.Kind, node.Term, node.Core.Vote, node.Core.NextDeadlineMs), Is.EqualTo(before));
        Assert.That(node.Writes, Is.Empty);
        Assert.That(
            node.Take<Message.VoteResponse>(),
            Is.EqualTo(new[] { Say.Voted(1, 2, upToDate ? 9 : 2, upToDate, preVote: true) }));
    }

    // S24, thesis §9.6: "a candidate would increment its term only if it first learns from a majority of the cluster
    // that they would be willing to grant the candidate their votes".
    [Test]
    public void The_term_rises_only_when_a_majority_is_willing()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(5), [1]));
        node.Wait(2000);

        node.Receive(Say.Voted(2, 1, 2, preVote: true), Say.Voted(2, 1, 2, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.PreCandidate, 1L)));

        node.Receive(Say.Voted(4, 1, 2, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Candidate, 2L)));
    }

    [Test]
    public void A_pre_candidate_that_a_majority_refused_waits_again()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Wait(2000);

        node.Receive(Say.Voted(2, 1, 1, false, preVote: true), Say.Voted(3, 1, 1, false, preVote: true));

        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Follower, 1L)));
        Assert.That(node.Core.NextDeadlineMs, Is.GreaterThanOrEqualTo(node.NowMs + 1000));
    }

    // §5.2: a server campaigns after a timeout "without receiving AppendEntries RPC from current leader or granting
    // vote to candidate" (figure 2).
    [Test]
    public void A_pre_candidate_that_gives_its_vote_away_ends_its_own_campaign()
    {
        var node = new CoreNode(1, Make.State(Three, [1], term: 3));
        node.Wait(2000);
        Assert.That(node.Kind, Is.EqualTo(RaftRole.PreCandidate));

        node.Receive(Say.Vote(2, 1, 3, lastIndex: 1, lastTerm: 1));
        Assert.That(node.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 2, 3) }));
        node.Receive(Say.Voted(3, 1, 4, preVote: true), Say.Voted(2, 1, 4, preVote: true));

        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Follower, 3L)));
    }

    [Test]
    public void Votes_and_pre_votes_are_not_taken_for_each_other()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Wait(2000);

        node.Receive(Say.Voted(2, 1, 1), Say.Voted(2, 1, 3, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.PreCandidate, 1L)));

        node.Receive(Say.Voted(2, 1, 2, preVote: true), Say.Voted(3, 1, 2, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Candidate, 2L)), "a late pre-vote is no vote");
    }

    // S22
    [Test]
    public void A_node_that_was_cut_off_comes_back_without_a_higher_term_and_deposes_nobody()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        cluster.Isolate(3);
        cluster.Run(20_000);
        Assert.That((cluster[3].Term, cluster[3].IsLeader), Is.EqualTo((leader.Term, false)));

        cluster.Heal();
        cluster.Run(5000);

        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(1));
        Assert.That((leader.IsLeader, cluster[3].Core.Leader), Is.EqualTo((true, Make.Id(1))));
    }

    // R67: "GC pause 500 ms < election timeout -> no election". A follower that was away for longer asks first.
    [TestCase(1, 500)]
    [TestCase(2, 500)]
    [TestCase(2, 5000)]
    public void A_pause_of_the_process_brings_no_election(int paused, long ms)
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        cluster.Run(1000);

        cluster.Pause(paused, ms);
        cluster.Run(5000);

        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(1));
        Assert.That((leader.IsLeader, leader.Options.ElectionTimeoutMs), Is.EqualTo((true, 1000L)));
    }

    // S23, etcd 8243: "node with old term + longest log and node with new term + short log".
    [Test]
    public void A_longest_log_of_an_old_term_and_a_new_term_with_a_short_log_elect_somebody()
    {
        var cluster = new CoreCluster(3, number => number == 1
            ? Make.State(Three, [1, 2, 2, 2], term: 2)
            : Make.State(Three, [1], term: 5));
        cluster.Isolate(3);

        cluster.Run(8000);

        Assert.That(cluster.Leader?.Number, Is.EqualTo(1), "only it has what may be committed");
        Assert.That(cluster[2].Terms, Is.EqualTo(cluster[1].Terms));
    }

    [Test]
    public void A_pre_vote_refused_with_a_higher_term_teaches_the_term_and_no_vote()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 2]));
        node.Wait(2000);

        node.Receive(Say.Voted(2, 1, 7, granted: false, preVote: true));

        Assert.That(node.Disk.HardState, Is.EqualTo(new HardState(new Term(7), NodeId.None)));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
    }

    // S26, thesis §4.2.3: "if a server receives a RequestVote request within the minimum election timeout of hearing
    // from a current leader, it does not update its term or grant its vote."
    [Test]
    public void A_vote_request_within_the_shortest_timeout_of_a_leader_is_ignored()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Receive(Say.Heartbeat(2, 1, 1));
        node.Sent.Clear();

        node.NowMs += 999;
        node.Receive(Say.Vote(3, 1, 5, 9, 4), Say.Vote(3, 1, 5, 9, 4, preVote: true));
        Assert.That((node.Term, node.Core.Vote), Is.EqualTo((1L, NodeId.None)));
        Assert.That(
            node.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 3, 1, granted: false, preVote: true) }));

        node.NowMs += 1;
        node.Receive(Say.Vote(3, 1, 5, 9, 4));
        Assert.That((node.Term, node.Core.Vote), Is.EqualTo((5L, Make.Id(3))));
    }

    [Test]
    public void A_leader_that_hears_its_majority_is_not_deposed_by_a_vote_request()
    {
        var node = new CoreNode(1, Make.State(Three, [1])).Lead();

        node.Receive(Say.Vote(3, 1, 9, 9, 8), Say.Vote(3, 1, 9, 9, 8, preVote: true));

        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Leader, 2L)));
    }

    // S25, thesis §6.2: "a leader steps down if an election timeout elapses without a successful round of heartbeats to
    // a majority of its cluster".
    [Test]
    public void A_leader_that_hears_no_majority_steps_down_within_an_election_timeout()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(5), [1])).Lead();
        for (var i = 0; i < 20; i++)
        {
            node.Wait(100);
            node.Receive(Say.Alive(2, 1, 2), Say.Alive(3, 1, 2));
        }

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Leader), "two of four answer");

        for (var i = 0; i < 10; i++)
        {
            node.Wait(100);
            node.Receive(Say.Alive(2, 1, 2));
        }

        Assert.That((node.Kind, node.Term, node.Core.Leader), Is.EqualTo((RaftRole.Follower, 2L, NodeId.None)));
        Assert.That(node.Propose().Reason, Is.EqualTo(RejectReason.NotLeader));
        Assert.That(node.RoleChanges[^1].Role, Is.EqualTo(RaftRole.Follower));
    }

    [Test]
    public void Learners_do_not_keep_a_leader_in_office()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3, learners: 3), [1])).Lead();
        for (var i = 0; i < 11; i++)
        {
            node.Wait(100);
            node.Receive(Say.Alive(4, 1, 2), Say.Alive(5, 1, 2), Say.Alive(6, 1, 2));
        }

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
    }

    // S27: the leader's words arrive, the answers do not.
    [Test]
    public void A_leader_that_can_send_and_not_receive_is_replaced_once()
    {
        var cluster = new CoreCluster(3);
        cluster.Elect(1);
        cluster.Cut(2, 1);
        cluster.Cut(3, 1);

        cluster.Run(20_000);

        Assert.That(cluster.Leader?.Number, Is.Not.EqualTo(1).And.Not.Null);
        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(2), "no flapping");
    }

    // S27: the reverse.
    [Test]
    public void A_leader_that_can_receive_and_not_send_is_replaced_once()
    {
        var cluster = new CoreCluster(3);
        cluster.Elect(1);
        cluster.Cut(1, 2);
        cluster.Cut(1, 3);

        cluster.Run(20_000);

        Assert.That(cluster.Leader?.Number, Is.Not.EqualTo(1).And.Not.Null);
        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(2), "no flapping");
    }

    // S27: a chain A - B - C.
    [Test]
    public void In_a_chain_somebody_leads_and_stays([Values(1, 2, 3)] int first)
    {
        var cluster = new CoreCluster(3);
        cluster.Elect(first);
        cluster.CutBoth(1, 3);
        cluster.Run(5000);
        var (terms, leader) = (cluster.Checks.TermsLed, cluster.Leader!);

        cluster.Run(20_000);
        leader.Propose();
        cluster.Settle();

        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(terms), "no flapping");
        Assert.That(leader.Commit, Is.EqualTo(leader.Last));
    }

    // S27: everybody sees only node 3; the old leader is one of the others.
    [Test]
    public void In_a_star_of_five_the_middle_comes_to_lead()
    {
        var cluster = new CoreCluster(5);
        cluster.Elect(1);
        foreach (var (one, other) in new[] { (1, 2), (1, 4), (1, 5), (2, 4), (2, 5), (4, 5) })
            cluster.CutBoth(one, other);

        cluster.Run(30_000);
        var terms = cluster.Checks.TermsLed;
        cluster.Run(20_000);

        Assert.That(cluster.Leader?.Number, Is.EqualTo(3));
        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(terms), "no flapping");
    }

    // S28
    [TestCase(2)]
    [TestCase(4)]
    [TestCase(6)]
    public void Half_of_an_even_cluster_elects_nobody_and_the_whole_does(int voters)
    {
        var cluster = new CoreCluster(voters);
        for (var left = 1; left <= voters / 2; left++)
        {
            for (var right = (voters / 2) + 1; right <= voters; right++)
                cluster.CutBoth(left, right);
        }

        cluster.Run(20_000);
        Assert.That((cluster.Leader, cluster.Checks.TermsLed), Is.EqualTo(((CoreNode?)null, 0)));

        cluster.Heal();
        cluster.Run(5000);
        Assert.That(cluster.Leader, Is.Not.Null);
    }
}
