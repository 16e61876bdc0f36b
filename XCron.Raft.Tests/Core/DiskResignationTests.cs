using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>A leader whose disk fails it gives its office away (hashicorp 503, 666, 683; vault 14372).</summary>
internal sealed class DiskResignationTests
{
    // S61: "slow fsync 10 s -> leader hands over".
    [Test]
    public void A_leader_whose_disk_stalls_hands_over_and_everything_commits_by_the_others_disks()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        leader.HoldsDisk = true;
        for (var i = 0; i < 5; i++)
            leader.Propose();
        cluster.Settle();
        var proposed = leader.Last;
        Assert.That(leader.Commit, Is.EqualTo(proposed), "a majority has it without the leader's own disk");

        leader.HearOfDisk(DiskHealth.Stalled);
        cluster.Settle();

        Assert.That(cluster.Leader!.Number, Is.Not.EqualTo(1), "no time has passed");
        Assert.That(cluster.Leader.Commit, Is.GreaterThan(proposed));
        Assert.That(cluster.Leader.Propose().Accepted);
    }

    [Test]
    public void The_successor_is_one_whose_disk_is_well_even_if_another_is_further()
    {
        var cluster = MemberCluster.Of(5);
        var leader = cluster.Elect(1);
        cluster[2].HearOfDisk(DiskHealth.Stalled);
        cluster[4].HearOfDisk(DiskHealth.Full);
        cluster[5].HearOfDisk(DiskHealth.Full);
        cluster.Run(200);

        leader.HearOfDisk(DiskHealth.Stalled);
        cluster.Settle();

        Assert.That(cluster.Leader!.Number, Is.EqualTo(3));
    }

    [Test]
    public void Where_no_transfer_succeeds_it_steps_down_and_its_heartbeats_keep_it_no_longer()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Loses = message => message is Message.TimeoutNow;
        leader.HoldsDisk = true;
        leader.HearOfDisk(DiskHealth.Stalled);

        cluster.Run(990);
        Assert.That(leader.IsLeader, "until then a transfer may still succeed");
        cluster.Run(110);
        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower));
        cluster.Run(3000);

        Assert.That(cluster.Leader!.Number, Is.Not.EqualTo(1), "the others elect one by themselves");
    }

    [Test]
    public void While_its_disk_stands_a_node_does_not_campaign_and_afterwards_it_is_a_follower_as_any()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Isolate(2);
        cluster.Isolate(3);
        leader.HoldsDisk = true;
        leader.HearOfDisk(DiskHealth.Stalled);
        cluster.Run(10_000);
        Assert.That(leader.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(leader.Core.NextDeadlineMs, Is.EqualTo(long.MaxValue), "nothing wakes it for a campaign");

        leader.HoldsDisk = false;
        leader.Flush();
        leader.HearOfDisk(DiskHealth.Well);
        cluster.Heal();
        cluster[2].Crash();
        cluster.Run(5000);

        Assert.That(cluster.Leader, Is.Not.Null, "two of three, one of them the one whose disk stood");
        Assert.That(cluster.Leader!.Propose().Accepted);
    }

    [Test]
    public void A_campaign_ends_when_the_disk_that_its_vote_waits_for_stands()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1])) { HoldsDisk = true };
        node.Wait(2000);
        node.Receive(Say.Voted(2, 1, 2, granted: true, preVote: true));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Candidate));

        node.HearOfDisk(DiskHealth.Stalled);
        node.Wait(2000);

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(node.Term, Is.EqualTo(2), "no other term is tried");
    }

    [Test]
    public void An_order_to_campaign_is_not_followed_while_the_own_disk_stands()
    {
        var node = new CoreNode(2, Make.State(Make.Cluster(3), [1]));
        node.Receive(Say.Append(1, 2, 1, prevIndex: 1, prevTerm: 1, commit: 1));
        node.HearOfDisk(DiskHealth.Stalled);

        node.Receive(new Message.TimeoutNow
        {
            From = Make.Id(1), To = Make.Id(2), Term = new Term(1), LastIndex = Make.At(1),
        });

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(node.Term, Is.EqualTo(1));
    }

    [Test]
    public void A_disk_that_answers_in_time_ends_it_and_the_leader_leads_on()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Loses = message => message is Message.TimeoutNow;
        leader.HearOfDisk(DiskHealth.Stalled);
        cluster.Run(500);
        Assert.That(leader.Core.TransferTarget, Is.Not.EqualTo(NodeId.None));

        leader.HearOfDisk(DiskHealth.Well);
        cluster.Run(3000);

        Assert.That(leader.IsLeader);
        Assert.That(leader.Propose().Accepted);
    }

    [Test]
    public void A_cluster_of_one_voter_has_nobody_to_hand_over_to_and_goes_on()
    {
        var cluster = MemberCluster.Of(1, joiners: 1);
        var leader = cluster.Elect(1);
        cluster.TakeIn(leader, 2);
        leader.HoldsDisk = true;
        leader.Propose();
        leader.HearOfDisk(DiskHealth.Stalled);
        cluster.Run(10_000);
        Assert.That(leader.IsLeader);
        Assert.That(leader.Commit, Is.LessThan(leader.Last), "nothing is acknowledged that is not on its disk");

        leader.HoldsDisk = false;
        leader.Flush();

        Assert.That(leader.Commit, Is.EqualTo(leader.Last));
    }

    [Test]
    public void A_disk_that_stays_full_hands_over_to_a_voter_that_has_space()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster[2].HearOfDisk(DiskHealth.Full);
        cluster.Run(200);
        leader.HearOfDisk(DiskHealth.Full);
        cluster.Run(900);
        Assert.That(leader.IsLeader, "space may be back any moment");

        cluster.Run(200);

        Assert.That(cluster.Leader!.Number, Is.EqualTo(3));
    }

    [Test]
    public void Where_every_disk_is_full_somebody_still_leads_and_reads_go_on()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        foreach (var node in cluster.Nodes)
            node.HearOfDisk(DiskHealth.Full);
        cluster.Run(30_000);

        leader.Read(1);
        cluster.Settle();

        Assert.That(leader.IsLeader);
        Assert.That(leader.Reads[1], Is.Not.Null);
    }

    [Test]
    public void A_hand_over_that_fails_is_not_tried_again_at_once()
    {
        var cluster = MemberCluster.Of(3);
        var leader = cluster.Elect(1);
        cluster.Loses = message => message is Message.TimeoutNow;
        leader.HearOfDisk(DiskHealth.Full);
        cluster.Run(2200);
        Assert.That(cluster.Leader!.Number, Is.EqualTo(1));

        var taken = 0;
        for (var i = 0; i < 80; i++)
        {
            cluster.Run(100);
            taken += leader.Core.TransferTarget == NodeId.None ? 1 : 0;
        }

        Assert.That(taken, Is.GreaterThan(70), "what still fits on a disk that has little left is not kept from it");
    }
}
