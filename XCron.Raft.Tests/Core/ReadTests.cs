using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Linearizable reads (Raft §8, thesis §6.4).</summary>
internal sealed class ReadTests
{
    private static readonly Membership Three = Make.Cluster(3);

    // S31, thesis §6.4: "If the leader has not yet marked an entry from its current term committed, it waits until it
    // has done so."
    [Test]
    public void A_read_waits_for_the_first_commit_of_the_term()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1])).Lead();

        node.Read(1);
        Assert.That(node.Take<Message.Heartbeat>().Where(beat => beat.Round > 0), Is.Empty);

        node.Receive(Say.Accepted(2, 1, 2, match: 4));
        var first = node.Take<Message.Heartbeat>().Where(beat => beat.Round == 1);
        Assert.That(first, Is.Not.Empty, "the round begins now");
        Assert.That(node.Reads, Is.Empty);

        node.Receive(Say.Alive(2, 1, 2, round: 1));
        Assert.That(node.Reads[1], Is.EqualTo(Make.At(4)));
    }

    // Thesis §6.4: "It issues a new round of heartbeats and waits for their acknowledgments from a majority of the
    // cluster." §8: "a leader must check whether it has been deposed before processing a read-only request [...] by
    // having the leader exchange heartbeat messages with a majority of the cluster before responding".
    [Test]
    public void A_read_is_confirmed_by_a_majority_and_not_before([Range(2, 7)] int voters)
    {
        var node = Leader(voters);
        node.Read(1);
        for (var answers = 1; answers < (voters / 2) + 1; answers++)
        {
            Assert.That(node.Reads, Is.Empty, $"{answers} of {voters}");
            node.Receive(Say.Alive(answers + 1, 1, 2, round: 1), Say.Alive(answers + 1, 1, 2, round: 1));
        }

        Assert.That(node.Reads[1], Is.EqualTo(Make.At(2)));
    }

    [Test]
    public void A_cluster_of_one_confirms_its_reads_itself()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(1), [1])).Lead();

        node.Read(1);

        Assert.That(node.Reads[1], Is.EqualTo(Make.At(2)));
    }

    // S32: a round that began before the read arrived says nothing about it (etcd 20418).
    [Test]
    public void Answers_to_earlier_rounds_confirm_nothing()
    {
        var node = Leader();
        node.Read(1);
        node.Read(2);
        Assert.That(node.Take<Message.Heartbeat>(), Has.All.Property("Round").EqualTo(1), "the second waits its turn");

        node.Receive(Say.Alive(2, 1, 2, round: 1));
        Assert.That(node.Reads.Keys, Is.EqualTo(new long[] { 1 }));
        Assert.That(node.Take<Message.Heartbeat>(), Has.All.Property("Round").EqualTo(2));

        node.Receive(Say.Alive(2, 1, 2, round: 1), Say.Alive(3, 1, 2, round: 1), Say.Alive(3, 1, 2, round: 0));
        Assert.That(node.Reads.Keys, Is.EqualTo(new long[] { 1 }), "late and doubled answers");

        node.Receive(Say.Alive(3, 1, 2, round: 2));
        Assert.That(node.Reads.Keys, Is.EqualTo(new long[] { 1, 2 }));
    }

    [Test]
    public void Reads_that_arrive_together_share_a_round()
    {
        var node = Leader();
        node.Core.ReadIndex(1, node.NowMs);
        node.Core.ReadIndex(2, node.NowMs);
        node.Core.ReadIndex(3, node.NowMs);
        node.Pump();
        Assert.That(node.Take<Message.Heartbeat>(), Has.Length.EqualTo(2), "one for each peer");

        node.Receive(Say.Alive(2, 1, 2, round: 1));

        Assert.That(node.Reads, Has.Count.EqualTo(3));
    }

    // S32: a round whose heartbeats were lost is carried by the next regular ones.
    [Test]
    public void A_round_that_was_lost_is_asked_again_with_the_next_heartbeats()
    {
        var node = Leader();
        node.Read(1);
        node.Sent.Clear();

        node.Wait(100);
        Assert.That(node.Take<Message.Heartbeat>(), Has.All.Property("Round").EqualTo(1));
        node.Receive(Say.Alive(3, 1, 2, round: 1));

        Assert.That(node.Reads[1], Is.Not.Null);
    }

    // S31: the index is the commit index of when the round began, and every write acknowledged before is below it.
    [Test]
    public void A_reads_index_covers_every_write_acknowledged_before_it()
    {
        var node = Leader();
        for (var i = 1; i <= 5; i++)
        {
            node.Propose();
            node.Receive(Say.Accepted(2, 1, 2, node.Last));
            var acknowledged = node.Applied;

            node.Read(i);
            node.Propose();
            node.Receive(Say.Alive(3, 1, 2, round: i));

            Assert.That(node.Reads[i], Is.EqualTo(acknowledged));
        }
    }

    [Test]
    public void Reads_of_a_leader_that_steps_down_fail([Values] bool hasBegun)
    {
        var node = hasBegun ? Leader() : new CoreNode(1, Make.State(Three, [1])).Lead();
        node.Read(1);
        node.Receive(Say.AskRead(2, 1, 2, readId: 77));
        node.Sent.Clear();

        node.Receive(Say.Rejected(3, 1, 9, 0, 0, 0));

        Assert.That(node.Reads[1], Is.Null);
        var answer = node.Take<Message.ReadIndexResponse>().Single();
        Assert.That((answer.To, answer.ReadId, answer.Accepted), Is.EqualTo((Make.Id(2), 77L, false)));
    }

    // S32: "pause leader SIGSTOP 3 s and resume": what it believed before the pause serves no read.
    [Test]
    public void A_leader_that_was_paused_serves_no_read_from_before_and_steps_down()
    {
        var node = Leader();
        node.Read(1);

        node.Wait(3000);

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(node.Reads[1], Is.Null);
        node.Receive(Say.Alive(2, 1, 2, round: 1), Say.Alive(3, 1, 2, round: 1));
        Assert.That(node.Reads[1], Is.Null);
    }

    // S33
    [Test]
    public void A_follower_asks_its_leader()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        leader.Propose();
        cluster.Settle();

        cluster[3].Read(5);
        cluster.Settle();

        Assert.That(cluster[3].Reads[5], Is.EqualTo(leader.Core.Log.Commit));
    }

    // S33: "leader change while waiting -> retry with NEW round or fail, never old index".
    [Test]
    public void A_followers_read_fails_when_its_leader_changes_or_does_not_answer([Values] bool changes)
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        node.Receive(Say.Heartbeat(2, 1, 1));
        node.Read(1);
        var asked = node.Take<Message.ReadIndexRequest>().Single();

        if (changes)
        {
            node.Receive(Say.Heartbeat(3, 1, 2));
        }
        else
        {
            node.NowMs += 500;
            node.Receive(Say.Heartbeat(2, 1, 1));
            node.Wait(499);
            Assert.That(node.Reads, Is.Empty);
            Assert.That(node.Core.NextDeadlineMs, Is.EqualTo(1000));
            node.Wait(1);
        }

        Assert.That(node.Reads[1], Is.Null);
        node.Receive(new Message.ReadIndexResponse
        {
            From = Make.Id(2),
            To = Make.Id(1),
            Term = node.Core.Term,
            ReadId = asked.ReadId,
            Accepted = true,
            Index = Make.At(1),
        });
        Assert.That(node.Reads[1], Is.Null, "an answer that comes later changes nothing");
    }

    [Test]
    public void Without_a_leader_a_read_fails_at_once([Values(RaftRole.Follower, RaftRole.PreCandidate)] RaftRole role)
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        if (role == RaftRole.PreCandidate)
            node.Wait(2000);

        node.Read(1);

        Assert.That((node.Kind, node.Reads[1]), Is.EqualTo((role, (LogIndex?)null)));
    }

    [Test]
    public void Reads_that_wait_are_bounded([Values] bool atLeader)
    {
        var options = new CoreOptions { Self = default, MaxWaitingReads = 10 };
        var node = new CoreNode(1, Make.State(Three, [1]), options);
        if (atLeader)
            node.Lead();
        else
            node.Receive(Say.Heartbeat(2, 1, 1));

        for (var read = 1; read <= 15; read++)
            node.Read(read);

        Assert.That(node.Reads.Keys, Is.EqualTo(Enumerable.Range(11, 5)), "what is over the bound fails at once");
    }

    // S34
    [Test]
    public void In_a_joint_configuration_a_read_needs_both_majorities()
    {
        var node = new CoreNode(1, Make.State(MemberCluster.MembersOf([1, 4, 5], 2, 3), [1])).Lead();
        for (var peer = 2; peer <= 5; peer++)
            node.Receive(Say.Accepted(peer, 1, 2, match: 2));
        node.Change(new MemberEdit.Become(MemberCluster.MembersOf([1, 2, 3])));
        node.Read(1);

        node.Receive(Say.Alive(2, 1, 2, round: 1), Say.Alive(3, 1, 2, round: 1));
        Assert.That(node.Reads, Is.Empty);
        node.Receive(Say.Alive(4, 1, 2, round: 1));

        Assert.That(node.Reads[1], Is.EqualTo(Make.At(2)));
    }

    [Test]
    public void Learners_confirm_no_read()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3, learners: 2), [1])).Lead();
        node.Receive(Say.Accepted(2, 1, 2, match: 2));
        node.Read(1);

        node.Receive(Say.Alive(4, 1, 2, round: 1), Say.Alive(5, 1, 2, round: 1));

        Assert.That(node.Reads, Is.Empty);
    }

    private static CoreNode Leader(int voters = 3)
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(voters), [1])).Lead();
        for (var voter = 2; voter <= voters; voter++)
            node.Receive(Say.Accepted(voter, 1, 2, match: 2));
        node.Sent.Clear();
        return node;
    }
}
