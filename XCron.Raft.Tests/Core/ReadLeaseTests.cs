using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>
/// Reads by the leader's lease (thesis §6.4.1), with an election timeout of 1000 ms and clocks that may come apart by
/// 100 ms in that time.
/// </summary>
internal sealed class ReadLeaseTests
{
    private const long DriftMs = 100;

    // What promises are worth: the election timeout, less the drift, less a millisecond of each clock.
    private const long LeaseMs = 1000 - DriftMs - 2;

    private static readonly CoreOptions Leased = new()
    {
        Self = default, LeaseReads = true, MaxClockDriftMs = DriftMs,
    };

    [Test]
    public void A_read_within_the_lease_is_answered_at_once_and_asks_nobody()
    {
        var node = Leader();
        node.Receive(Answer(node, 2, sentMs: node.NowMs));
        node.Sent.Clear();

        node.Read(1);

        Assert.That(node.Reads[1], Is.EqualTo(Make.At(2)));
        Assert.That(node.Sent, Is.Empty);
    }

    [Test]
    public void Without_the_option_every_read_asks_a_majority()
    {
        var node = Leader(options: new CoreOptions { Self = default });
        node.Receive(Answer(node, 2, sentMs: node.NowMs));

        node.Read(1);

        Assert.That(node.Reads, Is.Empty);
        Assert.That(node.Take<Message.Heartbeat>(), Has.Length.EqualTo(2));
    }

    // jraft 26 and 34, tikv 964: counted from when the heartbeat was sent, however late its answer comes.
    [Test]
    public void The_lease_counts_from_when_the_heartbeat_was_sent()
    {
        var node = Leader();
        var sentMs = node.NowMs;
        node.Wait(500);
        node.Receive(Answer(node, 2, sentMs), Answer(node, 2, sentMs - 200));

        node.Wait(LeaseMs - 500 - 1);
        node.Read(1);
        Assert.That(node.Reads, Contains.Key(1L), "the last moment of it");

        node.Wait(1);
        node.Read(2);
        Assert.That(node.Reads.Keys, Is.EqualTo(new long[] { 1 }), "falls back to asking");
        node.Receive(Say.Alive(3, 1, 2, round: 1));
        Assert.That(node.Reads, Contains.Key(2L));
    }

    [Test]
    public void A_leader_that_was_paused_finds_its_lease_over()
    {
        var node = Leader();
        node.Receive(Answer(node, 2, node.NowMs), Answer(node, 3, node.NowMs));

        node.NowMs += 3000; // it wakes, and the read is the first that it sees
        node.Read(1);

        Assert.That(node.Reads.GetValueOrDefault(1), Is.Null);
    }

    [Test]
    public void A_majority_is_needed_and_learners_and_the_leader_of_others_do_not_count()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(5, learners: 2), [1]), Leased).Lead();
        node.Receive(Say.Accepted(2, 1, 2, node.Last), Say.Accepted(3, 1, 2, node.Last));
        node.Receive(Answer(node, 2, node.NowMs), Answer(node, 6, node.NowMs), Answer(node, 7, node.NowMs));
        node.Read(1);
        Assert.That(node.Reads, Is.Empty, "two of five");

        node.Receive(Answer(node, 4, node.NowMs));
        node.Read(2);

        Assert.That(node.Reads, Contains.Key(2L));
    }

    // S34: both majorities.
    [Test]
    public void While_the_voters_change_both_majorities_must_have_promised()
    {
        var node = new CoreNode(1, Make.State(Make.Joint([1, 2, 3], [1, 4, 5]), [1]), Leased);
        var lease = new ReadLease(node.Core);
        var peers = new PeerSet(node.Core);
        peers.FollowMembership(node.NowMs);

        foreach (var number in (int[])[2, 3])
            Promise(peers, number, node.NowMs);
        Assert.That(lease.IsHeld(peers, node.NowMs), Is.False, "none of those that are being left");
        Promise(peers, 5, node.NowMs);

        Assert.That(lease.IsHeld(peers, node.NowMs));
    }

    // S31.
    [Test]
    public void There_is_no_lease_before_an_entry_of_the_own_term_is_committed()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]), Leased).Lead();
        node.Receive(Answer(node, 2, node.NowMs), Answer(node, 3, node.NowMs));

        node.Read(1);
        Assert.That(node.Reads, Is.Empty);
        node.Receive(Say.Accepted(2, 1, 2, node.Last));
        node.Read(2);

        Assert.That(node.Reads, Contains.Key(2L));
    }

    // S35: "lease dropped before transfer". The order to campaign may be late, so the term has no lease any more.
    [Test]
    public void A_transfer_ends_the_lease_for_the_whole_term()
    {
        var node = Leader();
        node.Receive(Answer(node, 2, node.NowMs), Answer(node, 3, node.NowMs));
        node.Core.TransferLeadership(Make.Id(2));
        node.Read(1);
        Assert.That(node.Reads, Is.Empty, "at once");

        node.Wait(500);
        node.Receive(
            Answer(node, 2, node.NowMs) with { Round = 1 },
            Answer(node, 3, node.NowMs) with { Round = 1 });
        Assert.That(node.Reads, Contains.Key(1L), "by asking");
        node.Wait(500);
        Assert.That(node.Core.TransferTarget, Is.EqualTo(NodeId.None), "given up");
        node.Receive(Answer(node, 2, node.NowMs), Answer(node, 3, node.NowMs));
        node.Sent.Clear();
        node.Read(2);

        Assert.That(node.Reads, Does.Not.ContainKey(2L));
        Assert.That(node.Sent.OfType<Message.Heartbeat>(), Is.Not.Empty, "it asks");
    }

    [Test]
    public void A_follower_with_a_shorter_election_timeout_promises_less_and_one_of_an_older_version_nothing()
    {
        var node = Leader();
        node.Receive(
            Answer(node, 2, node.NowMs) with { PromiseMs = 300 },
            Say.Alive(3, 1, 2));
        node.Read(1);
        Assert.That(node.Reads, Contains.Key(1L));

        node.Wait(300 - DriftMs - 2);
        node.Read(2);

        Assert.That(node.Reads, Does.Not.ContainKey(2L));
    }

    // The bound of the clocks is one for an election timeout: over a longer time they may come apart further.
    [Test]
    public void A_promise_for_longer_than_the_election_timeout_is_not_counted_on()
    {
        var node = Leader();
        node.Receive(Answer(node, 2, node.NowMs) with { PromiseMs = 100_000 });
        node.Wait(LeaseMs);

        node.Read(1);

        Assert.That(node.Reads, Is.Empty);
    }

    // S33.
    [Test]
    public void A_followers_read_is_answered_by_the_leaders_lease()
    {
        var node = Leader();
        node.Receive(Answer(node, 3, node.NowMs));
        node.Sent.Clear();

        node.Receive(Say.AskRead(2, 1, 2, readId: 77));

        var answer = (Message.ReadIndexResponse)node.Sent.Single();
        Assert.That((answer.ReadId, answer.Accepted, answer.Index), Is.EqualTo((77L, true, Make.At(2))));
    }

    [Test]
    public void A_cluster_of_one_always_holds_its_lease()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(1), [1]), Leased).Lead();
        node.NowMs += 100_000;

        node.Read(1);

        Assert.That(node.Reads[1], Is.EqualTo(Make.At(2)));
    }

    // S35: the leader's clock is slow by the bound; it believes in its lease for longer than it lasts, but not for
    // longer than the promises do.
    [TestCase(1.0)]
    [TestCase(0.9)]
    public void A_leader_whose_clock_is_slow_by_the_bound_serves_no_stale_read(double speed)
    {
        var served = 0;
        for (var seed = 1; seed <= 40; seed++)
        {
            var cluster = new CoreCluster(3, options: Leased, seed: seed);
            var leader = cluster.Elect(1);
            leader.ClockSpeed = speed;
            cluster.Run(300);
            cluster.Isolate(1);
            while (leader.IsLeader)
            {
                cluster.Run(10);
                var readId = cluster.NowMs;
                leader.Read(readId);
                if (leader.Reads.GetValueOrDefault(readId) is null)
                    continue;

                served++;
                Assert.That(cluster.Nodes.Any(node => node.IsLeader && node.Term > leader.Term), Is.False,
                    $"nobody else led when a read was served; seed {seed}");
            }
        }

        Assert.That(served, Is.GreaterThan(40 * 60), "leases are used at all");
    }

    // S36.
    [Test]
    public void A_restarted_voter_neither_votes_nor_says_it_would_for_an_election_timeout()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1], term: 2));
        node.Receive(Say.Append(2, 1, 2, 2, 1, 1));
        node.Restart();
        node.NowMs += 999;
        node.Receive(
            Say.Vote(3, 1, 3, 9, 2, preVote: true),
            Say.Vote(3, 1, 3, 9, 2),
            Say.Vote(3, 1, 2, 9, 2));
        Assert.That(node.Take<Message.VoteResponse>(), Has.All.Property("Granted").False);
        Assert.That(node.Term, Is.EqualTo(2), "the request is ignored, its term with it");

        node.NowMs++;
        node.Receive(Say.Vote(3, 1, 3, 9, 2, preVote: true), Say.Vote(3, 1, 3, 9, 2));

        var answers = node.Take<Message.VoteResponse>();
        Assert.That(answers, Has.Length.EqualTo(2));
        Assert.That(answers, Has.All.Property("Granted").True);
    }

    [Test]
    public void A_restarted_voter_votes_at_once_where_the_leader_itself_wants_it_and_a_node_alone_for_itself()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1], term: 2));
        node.Restart();
        node.Receive(Say.Vote(3, 1, 3, 9, 2) with { Transfer = true });
        Assert.That(node.Take<Message.VoteResponse>().Single().Granted);

        var alone = new CoreNode(1, Make.State(Make.Cluster(1), [1, 1], term: 2));
        alone.Restart();
        alone.Tick();
        Assert.That(alone.IsLeader);
    }

    // A term that rises by another message than a vote request must not release a voter from its promise: with it the
    // candidate would have a majority while the leader still counts on its lease.
    [Test]
    public void A_voter_that_hears_of_a_newer_term_by_the_way_still_keeps_its_promise()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1, 1], term: 2));
        node.Receive(Say.Heartbeat(2, 1, 2));
        node.Receive(Say.Voted(3, 1, 3, granted: false, preVote: true));
        Assert.That(node.Term, Is.EqualTo(3));
        node.Sent.Clear();

        node.NowMs += 999;
        node.Receive(Say.Vote(3, 1, 3, 9, 2));
        Assert.That(node.Take<Message.VoteResponse>().Single().Granted, Is.False);
        node.NowMs++;
        node.Receive(Say.Vote(3, 1, 3, 9, 2));

        Assert.That(node.Take<Message.VoteResponse>().Single().Granted);
    }

    /// <summary>1 of three leads term 2, with its first entry committed.</summary>
    private static CoreNode Leader(CoreOptions? options = null)
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(3), [1]), options ?? Leased).Lead();
        node.Receive(Say.Accepted(2, 1, 2, node.Last));
        Assert.That(node.Commit, Is.EqualTo(2));
        node.Sent.Clear();
        return node;
    }

    private static Message.HeartbeatResponse Answer(CoreNode leader, int from, long sentMs) =>
        Say.Alive(from, leader.Number, leader.Term) with { SentMs = sentMs, PromiseMs = 1000 };

    private static void Promise(PeerSet peers, int number, long sentMs)
    {
        Assert.That(peers.TryGet(Make.Id(number), out var peer));
        peer!.Promised(sentMs, 1000);
    }
}
