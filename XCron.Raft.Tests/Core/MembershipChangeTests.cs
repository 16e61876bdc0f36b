using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Changes of the members (Raft §6; thesis chapter 4).</summary>
internal sealed class MembershipChangeTests
{
    private static readonly Membership OneTwoFour = MemberCluster.MembersOf([1, 2, 4]);

    [Test]
    public void A_follower_refuses_to_change_members()
    {
        var cluster = MemberCluster.Of(3);
        cluster.Elect(1);

        var admission = cluster[2].AddLearner(4);

        Assert.That(admission, Is.EqualTo(ChangeAdmission.Refused(ChangeRefusal.NotLeader)));
    }

    [Test]
    public void A_leader_refuses_until_an_entry_of_its_own_term_is_committed()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        cluster.Loses = message => message is Message.AppendRequest;
        cluster.Campaign(1);
        Assert.That(cluster[1].IsLeader);

        var early = cluster[1].AddLearner(4);
        cluster.Loses = static _ => false;
        cluster.Run(300);
        var later = cluster[1].AddLearner(4);

        Assert.That(early, Is.EqualTo(ChangeAdmission.Refused(ChangeRefusal.NotReady)));
        Assert.That(later.Accepted);
    }

    [Test]
    public void Two_leaders_changes_never_meet_without_a_common_voter()
    {
        // Ongaro, raft-dev 2015: one leader adds a member and reaches nobody, the next one removes another.
        var cluster = MemberCluster.Of(4, joiners: 1);
        cluster.TakeIn(cluster.Elect(1), 5);
        for (var other = 2; other <= 4; other++)
            cluster.CutBoth(1, other);
        Assert.That(cluster[1].Change(new MemberEdit.Promote(Make.Id(5))).Accepted);
        cluster.Settle();
        var second = cluster.Elect(2);
        Assert.That(second.Change(new MemberEdit.Remove(Make.Id(1))).Accepted);
        cluster.Settle();

        cluster.Heal();
        cluster.Run(5000);

        Assert.That(cluster.Leader!.Number, Is.Not.EqualTo(1));
        Assert.That(MemberCluster.VotersSeenBy(cluster.Leader), Is.EqualTo("2 3 4"));
        Assert.That(MemberCluster.VotersSeenBy(cluster[5]), Is.EqualTo("2 3 4"), "rolled back");
    }

    [Test]
    public void One_change_at_a_time()
    {
        var cluster = MemberCluster.Of(3, joiners: 2);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4);
        cluster.Isolate(1);

        Assert.That(leader.Change(new MemberEdit.Promote(Make.Id(4))).Accepted);
        Assert.That(leader.Core.Membership.Outgoing, Is.Not.Empty, "joint");
        var whileJoint = leader.AddLearner(5);
        cluster.Heal();
        cluster.Run(500);
        var afterwards = leader.AddLearner(5);
        var whileUncommitted = leader.Change(new MemberEdit.Remove(Make.Id(5)));

        Assert.That(whileJoint.Reason, Is.EqualTo(ChangeRefusal.InProgress));
        Assert.That(afterwards.Accepted);
        Assert.That(whileUncommitted.Reason, Is.EqualTo(ChangeRefusal.InProgress));
    }

    [Test]
    public void A_configuration_is_in_force_when_appended_and_rolled_back_when_truncated()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);
        cluster.Isolate(1);

        leader.AddLearner(4);
        var appended = leader.Core.Membership.Members.Length;
        cluster.Elect(2);
        cluster.Heal();
        cluster.Run(1000);

        Assert.That(appended, Is.EqualTo(4));
        Assert.That(leader.Core.Membership.Members, Has.Length.EqualTo(3));
        Assert.That(leader.Core.Log.MembershipIndex, Is.EqualTo(Make.At(1)));
    }

    [Test]
    public void A_truncation_rolls_back_to_the_snapshots_configuration()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4);
        leader.TakeSnapshot();
        cluster.Isolate(1);
        leader.Change(new MemberEdit.Remove(Make.Id(4)));
        Assert.That(leader.Core.Membership.Find(Make.Id(4)), Is.Null);

        leader.Restart();
        Assert.That(leader.Core.Membership.Find(Make.Id(4)), Is.Null, "the last one appended, also after a restart");
        cluster.Elect(2);
        cluster.Heal();
        cluster.Run(1000);

        Assert.That(leader.Core.Membership.Find(Make.Id(4)), Is.Not.Null);
    }

    [Test]
    public void A_change_of_voters_needs_both_majorities_until_it_is_complete()
    {
        var cluster = MemberCluster.Of(3, joiners: 2);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4, 5);
        cluster.CutBoth(1, 4);
        cluster.CutBoth(1, 5);

        // {1, 2, 3} goes to {1, 4, 5}: the old majority is there, the new one is not.
        leader.Change(new MemberEdit.Become(MemberCluster.MembersOf([1, 4, 5])));
        cluster.Settle();
        var before = leader.Core.Log.MembershipIndex;
        Assert.That(leader.Commit, Is.LessThan(before.Value));
        cluster.Heal();
        cluster.Run(500);

        Assert.That(MemberCluster.VotersSeenBy(leader), Is.EqualTo("1 4 5"));
        Assert.That(leader.Core.Membership.Outgoing, Is.Empty);
        Assert.That(leader.Commit, Is.EqualTo(leader.Last));
    }

    [Test]
    public void Learners_count_nowhere()
    {
        var cluster = MemberCluster.Of(3, joiners: 2);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4, 5);
        cluster.CutBoth(1, 2);
        cluster.CutBoth(1, 3);

        var before = leader.Commit;
        leader.Propose();
        cluster.Settle();
        cluster.Run(500);

        Assert.That(leader.Commit, Is.EqualTo(before), "two learners and the leader are no majority of three voters");
        Assert.That(cluster[4].IsLeader || cluster[5].IsLeader, Is.False);
    }

    [Test]
    public void A_change_of_learners_alone_is_not_joint()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);

        leader.AddLearner(4);

        Assert.That(leader.Core.Membership.Outgoing, Is.Empty);
    }

    [Test]
    public void A_new_address_is_an_ordinary_change()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);

        var moved = new Member(Make.Id(2), "elsewhere:7");
        Assert.That(leader.Change(new MemberEdit.AddLearner(moved)).Accepted);
        cluster.Run(200);

        Assert.That(cluster[3].Core.Membership.Find(Make.Id(2)), Is.EqualTo(moved), "and it keeps its vote");
    }

    // Thesis §4.2.1: "it is not yet counted towards majorities for voting or commitment purposes. Once the new server
    // has caught up with the rest of the cluster, the reconfiguration can proceed".
    [Test]
    public void A_voter_is_promoted_only_once_it_has_caught_up()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);

        var unknown = leader.Change(new MemberEdit.Promote(Make.Id(4)));
        var stranger = leader.Change(new MemberEdit.Become(OneTwoFour));
        cluster.CutBoth(1, 4);
        leader.AddLearner(4);
        cluster.Run(200);
        var silent = leader.Change(new MemberEdit.Promote(Make.Id(4)));
        cluster.Heal();
        cluster.Run(500);
        var caughtUp = leader.Change(new MemberEdit.Promote(Make.Id(4)));

        Assert.That(unknown.Reason, Is.EqualTo(ChangeRefusal.UnknownMember));
        Assert.That(stranger.Reason, Is.EqualTo(ChangeRefusal.NotCaughtUp));
        Assert.That(silent.Reason, Is.EqualTo(ChangeRefusal.NotCaughtUp));
        Assert.That(caughtUp.Accepted);
    }

    [Test]
    public void A_retry_that_expects_the_former_configuration_is_refused()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4);
        var expected = leader.Core.Log.MembershipIndex;

        Assert.That(leader.Core.ChangeMembers(OneTwoFour, expected).Accepted);
        leader.Pump();
        cluster.Run(500);
        var again = leader.Core.ChangeMembers(MemberCluster.MembersOf([1, 2, 3]), expected);
        var same = leader.Core.ChangeMembers(OneTwoFour, leader.Core.Log.MembershipIndex);

        Assert.That(again.Reason, Is.EqualTo(ChangeRefusal.WrongConfiguration));
        Assert.That(same.Reason, Is.EqualTo(ChangeRefusal.Unchanged));
    }

    [Test]
    public void Several_come_and_go_in_one_change()
    {
        var cluster = MemberCluster.Of(3, joiners: 3);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 4, 5, 6);

        leader.Change(new MemberEdit.Become(MemberCluster.MembersOf([1, 4, 5, 6], 2)));
        cluster.Run(500);

        Assert.That(MemberCluster.VotersSeenBy(cluster[6]), Is.EqualTo("1 4 5 6"));
        Assert.That(cluster[2].Core.Membership.Find(Make.Id(2))!.Suffrage, Is.EqualTo(Suffrage.Learner));
        Assert.That(cluster[3].Core.Membership.Find(Make.Id(3)), Is.Null);
        Assert.That(leader.Commit, Is.EqualTo(leader.Last));
    }

    [Test]
    public void One_node_grows_to_three()
    {
        var cluster = MemberCluster.Of(1, joiners: 2);
        cluster.Run(100);
        var leader = cluster[1];
        cluster.TakeIn(leader, 2, 3);

        leader.Change(new MemberEdit.Promote(Make.Id(2)));
        cluster.Run(300);
        leader.Change(new MemberEdit.Promote(Make.Id(3)));
        cluster.Run(300);
        leader.Crash();
        cluster.Run(5000);

        Assert.That(cluster.Leader, Is.Not.Null);
        Assert.That(MemberCluster.VotersSeenBy(cluster.Leader!), Is.EqualTo("1 2 3"));
    }

    [Test]
    public void Nobody_is_removed_who_is_the_last_voter()
    {
        var cluster = MemberCluster.Of(1, joiners: 1);
        cluster.Run(100);
        cluster.TakeIn(cluster[1], 2);

        var admission = cluster[1].Change(new MemberEdit.Remove(Make.Id(1)));

        Assert.That(admission.Reason, Is.EqualTo(ChangeRefusal.NoVoters));
    }

    // Raft §6: "the leader is managing a cluster that does not include itself; it replicates log entries but does not
    // count itself in majorities."
    [Test]
    public void A_removed_leader_leads_without_counting_itself_until_that_is_committed_and_hands_over()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        leader.Change(new MemberEdit.Remove(Make.Id(1)));
        Assert.That(leader.Core.Membership.Outgoing, Is.Not.Empty);

        // With only one of the two who stay, the joint configuration cannot be committed: of {2, 3} it is half.
        cluster.CutBoth(1, 3);
        cluster.Settle();
        Assert.That(leader.IsLeader);
        Assert.That(leader.Core.Membership.Outgoing, Is.Not.Empty, "the leader and one more are no majority of both");
        cluster.Heal();
        var term = leader.Term;
        cluster.Run(500);

        Assert.That(cluster.Leader!.Number, Is.Not.EqualTo(1), "handed over, long before an election timeout");
        Assert.That(cluster.Leader.Term, Is.EqualTo(term + 1));
        cluster.Run(5000);
        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower), "it does not campaign");
        Assert.That(cluster.Leader.Term, Is.EqualTo(term + 1), "and nobody is disturbed");
        Assert.That(MemberCluster.VotersSeenBy(cluster.Leader), Is.EqualTo("2 3"));
    }

    [Test]
    public void A_removed_leader_that_reaches_no_successor_steps_down()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Loses = message => message is Message.TimeoutNow;
        leader.Change(new MemberEdit.Remove(Make.Id(1)));
        cluster.Run(500);
        Assert.That(leader.IsLeader, "it tries to hand over");

        cluster.Run(5000);

        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(cluster.Leader!.Number, Is.Not.EqualTo(1));
    }

    [Test]
    public void A_node_whose_removal_is_not_committed_may_be_the_only_one_that_can_lead_and_does()
    {
        var cluster = MemberCluster.Of(1, joiners: 1);
        cluster.Run(100);
        var leader = cluster[1];
        cluster.TakeIn(leader, 2);

        // The joint configuration is committed; of the new one, without node 1, only node 1 knows.
        cluster.Loses = _ => leader.Core.Membership.Find(Make.Id(1)) is null;
        leader.Change(new MemberEdit.Become(MemberCluster.MembersOf([2])));
        cluster.Settle();
        leader.Restart();
        Assert.That(MemberCluster.VotersSeenBy(leader), Is.EqualTo("2"));
        Assert.That(cluster[2].Core.Membership.Outgoing, Is.Not.Empty);
        cluster.Loses = static _ => false;
        cluster.Run(10_000);

        Assert.That(cluster.Leader!.Number, Is.EqualTo(2));
        Assert.That(cluster[2].Core.Membership.Outgoing, Is.Empty);
        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower));
    }

    [Test]
    public void A_removed_member_learns_of_it_and_is_then_let_go()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        leader.Change(new MemberEdit.Remove(Make.Id(3)));
        cluster.Run(500);

        Assert.That(cluster[3].Core.Membership.Find(Make.Id(3)), Is.Null);
        Assert.That(cluster[3].Commit, Is.GreaterThanOrEqualTo(leader.Core.Log.MembershipIndex.Value));
        Assert.That(leader.Core.Peers.Select(peer => peer.Id), Is.EqualTo([Make.Id(2)]));
    }

    [Test]
    public void A_removed_member_that_cannot_be_told_is_let_go_after_a_while_and_disrupts_nobody()
    {
        var cluster = MemberCluster.Of(4);
        var leader = cluster.Elect(1);
        var term = leader.Term;
        cluster.Isolate(4);
        leader.Change(new MemberEdit.Remove(Make.Id(4)));
        cluster.Run(500);
        Assert.That(leader.Core.Peers, Has.Count.EqualTo(3), "not yet");
        cluster.Run(11_000);
        Assert.That(leader.Core.Peers, Has.Count.EqualTo(2));

        cluster.Heal();
        cluster.Run(10_000);

        Assert.That(cluster[4].Kind, Is.Not.EqualTo(RaftRole.Leader));
        Assert.That((leader.IsLeader, leader.Term), Is.EqualTo((true, term)), "its campaigns are ignored");
    }

    [Test]
    public void A_node_votes_for_a_candidate_that_is_not_in_its_configuration()
    {
        var node = new CoreNode(2, Make.State(Make.Cluster(3), [1]));

        node.Receive(Say.Vote(9, 2, term: 5, lastIndex: 4, lastTerm: 3));

        Assert.That(node.Take<Message.VoteResponse>().Single().Granted, "thesis §4.2.2: its own one may be old");
    }

    [TestCase(4, Description = "a learner that was promoted and does not know it")]
    [TestCase(9, Description = "a node that is in no configuration it knows")]
    public void A_node_that_is_no_voter_as_far_as_it_knows_answers_votes(int number)
    {
        var node = new CoreNode(number, Make.State(Make.Cluster(3, learners: 1), [1]));

        node.Receive(Say.Vote(1, number, term: 2, lastIndex: 1, lastTerm: 1, preVote: true));
        node.Receive(Say.Vote(1, number, term: 2, lastIndex: 1, lastTerm: 1));

        var votes = node.Take<Message.VoteResponse>();
        Assert.That(votes, Has.Length.EqualTo(2));
        Assert.That(votes.Select(vote => vote.Granted), Is.All.True);
    }

    [Test]
    public void A_node_that_joins_waits_to_be_taken_in_and_never_campaigns()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        cluster.Isolate(4);

        cluster.Run(10_000);

        Assert.That(cluster[4].Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(cluster[4].Term, Is.Zero);
    }

    [Test]
    public void A_joiner_that_dies_at_any_time_goes_on_where_it_was()
    {
        var cluster = MemberCluster.Of(3, joiners: 1);
        var leader = cluster.Elect(1);
        for (var i = 0; i < 20; i++)
            leader.Propose();
        cluster.Settle();
        leader.TakeSnapshot();
        cluster[4].Restart();

        leader.AddLearner(4);
        for (var i = 0; i < 10; i++)
        {
            cluster[4].Restart();
            cluster.Run(30);
        }

        cluster.Run(500);
        Assert.That(cluster[4].Commit, Is.EqualTo(leader.Commit));
        Assert.That(leader.Change(new MemberEdit.Promote(Make.Id(4))).Accepted);
    }

    // S53: "heartbeats/config/no-op still pass". A change of the members may be what is needed to get out of it.
    [Test]
    public void The_members_are_changed_whatever_waits_to_be_committed()
    {
        var options = new CoreOptions { Self = default, MaxUncommittedBytes = 10 };
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]), options).Lead();
        node.Receive(Say.Accepted(2, 1, 2, match: 2));
        Assert.That(node.Propose(bytes: 10).Accepted);
        Assert.That(node.Propose(bytes: 10).Reason, Is.EqualTo(RejectReason.Overloaded));
        node.Sent.Clear();

        Assert.That(node.Change(new MemberEdit.Remove(Make.Id(3))).Accepted);

        node.Wait(100);
        Assert.That(node.Take<Message.Heartbeat>(), Has.Length.EqualTo(2), "heartbeats go on as well");
    }

    [Test]
    public void A_campaign_ends_when_a_snapshot_brings_another_configuration()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]));
        node.Receive(Say.Offer(2, 1, term: 2, index: 10, entryTerm: 2));
        node.Wait(2000);
        Assert.That(node.Kind, Is.EqualTo(RaftRole.PreCandidate));

        var mark = new SnapshotMark(Make.At(10), new Term(2), MemberCluster.MembersOf([1, 4, 5]), Make.At(9));
        node.Install(mark, [new LogEntry(Make.At(10), new Term(2), EntryKind.NoOp, default)]);

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower), "votes of the former voters must not count by it");
        Assert.That(MemberCluster.VotersSeenBy(node), Is.EqualTo("1 4 5"));
    }
}
