using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Leadership is handed over (thesis §3.10).</summary>
internal sealed class LeadershipTransferTests
{
    // Thesis §3.10: "This request has the same effect as the target server's election timer firing: the target server
    // starts a new election".
    [Test]
    public void The_target_leads_the_next_term_before_anybody_times_out()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        leader.Propose();

        Assert.That(leader.Transfer(3), Is.Null);
        cluster.Settle();

        Assert.That(cluster[3].IsLeader, "no time has passed");
        Assert.That(cluster[3].Term, Is.EqualTo(leader.Term));
        Assert.That(
            cluster.Delivered.OfType<Message.VoteRequest>().Where(vote => vote.From == Make.Id(3)),
            Is.All.Matches<Message.VoteRequest>(vote => vote is { Transfer: true, PreVote: false }),
            "neither a question beforehand nor a leader that was just heard keeps it from campaigning");
    }

    // Thesis §3.10: "The prior leader stops accepting new client requests. [...] The prior leader fully updates the
    // target server's log to match its own, using the normal log replication mechanism".
    [Test]
    public void The_target_is_brought_up_to_date_first_and_proposals_are_refused_meanwhile()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.CutBoth(1, 3);
        for (var i = 0; i < 10; i++)
            leader.Propose();
        cluster.Settle();

        Assert.That(leader.Transfer(3), Is.Null);
        cluster.Settle();
        var meanwhile = leader.Propose();
        Assert.That(leader.IsLeader);
        cluster.Heal();
        cluster.Run(300);

        Assert.That(meanwhile, Is.EqualTo(ProposeAdmission.Refused(RejectReason.NotLeader)));
        Assert.That(cluster.Leader!.Number, Is.EqualTo(3));
        Assert.That(cluster[3].Commit, Is.GreaterThanOrEqualTo(12));
    }

    [Test]
    public void An_order_is_given_only_when_every_proposal_is_committed_here()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Loses = message => message is Message.AppendResponse;
        leader.Propose();
        cluster.Settle();

        leader.Transfer(2);
        cluster.Settle();
        Assert.That(leader.IsLeader, "what is not committed would end as unknown");
        cluster.Loses = static _ => false;
        cluster.Run(300);

        Assert.That(cluster[2].IsLeader);
    }

    // Thesis §3.10: "If leadership transfer does not complete after about an election timeout, the prior leader aborts
    // the transfer and resumes accepting client requests."
    [Test]
    public void After_an_election_timeout_it_is_given_up_and_proposals_are_taken_again()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster[3].Crash();
        Assert.That(leader.Transfer(3), Is.Null);
        cluster.Run(900);
        Assert.That(leader.Core.TransferTarget, Is.EqualTo(Make.Id(3)));

        cluster.Run(200);

        Assert.That(leader.IsLeader);
        Assert.That(leader.Core.TransferTarget, Is.EqualTo(NodeId.None));
        Assert.That(leader.Propose().Accepted);
    }

    [Test]
    public void A_lost_order_is_repeated()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        var lost = 0;
        cluster.Loses = message => message is Message.TimeoutNow && lost++ < 3;

        leader.Transfer(2);
        cluster.Run(600);

        Assert.That(cluster.Leader!.Number, Is.EqualTo(2));
    }

    [Test]
    public void An_interrupted_transfer_leaves_nothing_behind_in_a_leader_that_is_elected_again()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Run(100);
        cluster.Isolate(1);
        leader.Transfer(3);
        cluster.Run(995);
        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower), "it steps down before it has given up");
        cluster.Heal();
        cluster.Elect(1);

        Assert.That(leader.Core.TransferTarget, Is.EqualTo(NodeId.None));
        Assert.That(leader.Propose().Accepted);
    }

    [Test]
    public void A_late_or_doubled_order_is_ignored()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        leader.Transfer(2);
        cluster.Settle();
        var order = cluster.Delivered.OfType<Message.TimeoutNow>().First();
        var term = cluster[2].Term;

        cluster[2].Receive(order);
        cluster[3].Receive(order with { To = Make.Id(3) });
        cluster.Run(300);

        Assert.That((cluster[2].IsLeader, cluster[2].Term), Is.EqualTo((true, term)));
    }

    [Test]
    public void An_order_from_before_the_leader_gave_up_and_went_on_is_ignored()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        Message.TimeoutNow? delayed = null;
        cluster.Loses = message =>
        {
            delayed = message as Message.TimeoutNow ?? delayed;
            return message is Message.TimeoutNow;
        };
        leader.Transfer(2);
        cluster.Run(1200);
        Assert.That(leader.Propose().Accepted, "it leads on");
        cluster.Settle();

        cluster[2].Receive(delayed!);
        cluster.Run(300);

        Assert.That(leader.IsLeader);
    }

    [TestCase(4, TransferRefusal.NotVoter, TestName = "A learner is no target")]
    [TestCase(9, TransferRefusal.NotVoter, TestName = "One that was removed or is unknown is no target")]
    [TestCase(1, TransferRefusal.AlreadyLeader, TestName = "The leader itself is no target")]
    public void What_cannot_lead_is_refused(int target, TransferRefusal refusal)
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4);

        Assert.That(leader.Transfer(target), Is.EqualTo(refusal));
        Assert.That(leader.Propose().Accepted);
    }

    [Test]
    public void A_follower_and_one_with_another_target_under_way_refuse()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Isolate(1);
        leader.Transfer(2);

        Assert.That(cluster[2].Transfer(3), Is.EqualTo(TransferRefusal.NotLeader));
        Assert.That(leader.Transfer(3), Is.EqualTo(TransferRefusal.InProgress));
        Assert.That(leader.Transfer(2), Is.Null, "the same again is the same");
        Assert.That(leader.AddLearner(4).Reason, Is.EqualTo(ChangeRefusal.Transferring));
    }

    [Test]
    public void Without_a_target_it_goes_to_the_voter_that_has_most()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.CutBoth(1, 2);
        leader.Propose();
        cluster.Settle();

        leader.Core.TransferLeadership(NodeId.None);
        leader.Pump();
        cluster.Settle();

        Assert.That(cluster[3].IsLeader);
    }

    [Test]
    public void Alone_there_is_nobody_to_hand_over_to()
    {
        var cluster = MemberCluster.Of(1);
        cluster.Run(100);

        Assert.That(cluster[1].Core.TransferLeadership(NodeId.None), Is.EqualTo(TransferRefusal.NoTarget));
    }

    [Test]
    public void A_learner_does_not_follow_an_order()
    {
        var node = new CoreNode(4, Make.State(Make.Cluster(3, learners: 1), [1]));
        node.Receive(Say.Heartbeat(1, 4, term: 2));

        node.Receive(new Message.TimeoutNow
        {
            From = Make.Id(1), To = Make.Id(4), Term = new Term(2), LastIndex = Make.At(1),
        });

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
    }
}
