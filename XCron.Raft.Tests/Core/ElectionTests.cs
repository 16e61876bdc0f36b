using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>The Raft paper, §5.1, §5.2 and §5.4.1, claim by claim.</summary>
internal sealed class ElectionTests
{
    private static readonly Membership Three = Make.Cluster(3);

    private static IEnumerable<Message> MessagesOfTermFive =>
    [
        Say.Vote(2, 1, 5, lastIndex: 9, lastTerm: 4),
        Say.Voted(2, 1, 5, granted: false),
        Say.Voted(2, 1, 5, granted: false, preVote: true),
        Say.Append(2, 1, 5, prevIndex: 1, prevTerm: 1, commit: 0),
        Say.Accepted(2, 1, 5, match: 1),
        Say.Rejected(2, 1, 5, prev: 1, conflictTerm: 0, conflictIndex: 1),
        Say.Heartbeat(2, 1, 5),
        Say.Alive(2, 1, 5),
        Say.Offer(2, 1, 5, index: 1, entryTerm: 1),
        Say.AskRead(2, 1, 5, readId: 1),
    ];

    // §5.2: "When servers start up, they begin as followers."
    [Test]
    public void Servers_begin_as_followers_with_what_their_disk_says()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 2, 2], term: 4, vote: 3, commit: 2));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
            Assert.That((node.Term, node.Core.Vote), Is.EqualTo((4L, Make.Id(3))));
            Assert.That((node.Last, node.Commit), Is.EqualTo((3L, 2L)));
            Assert.That(node.Applied, Is.EqualTo(Make.At(2)), "what is known to be committed is applied at once");
            Assert.That(node.Sent, Is.Empty);
        }
    }

    // §5.1: "if one server's current term is smaller than the other's, then it updates its current term to the larger
    // value. If a candidate or leader discovers that its term is out of date, it immediately reverts to follower
    // state."
    [Test]
    public void A_larger_term_is_adopted_and_makes_a_follower(
        [ValueSource(nameof(MessagesOfTermFive))] Message message, [Values] RaftRole role)
    {
        var node = InRole(role, 2);
        node.NowMs += 10_000; // no leader is fresh any more, but nobody has noticed
        if (role == RaftRole.Leader && message is Message.VoteRequest)
            return; // a leader that hears a majority is not deposed by a vote request: see PreVoteTests

        node.Receive(message);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Follower, 5L)));
            Assert.That(node.Disk.HardState.Term.Value, Is.EqualTo(5));
        }
    }

    // §5.1: "If a server receives a request with a stale term number, it rejects the request."
    [Test]
    public void A_request_of_a_stale_term_is_rejected_with_the_own_term_and_changes_nothing([Values] RaftRole role)
    {
        Message[] stale =
        [
            Say.Vote(2, 1, 1, lastIndex: 9, lastTerm: 1),
            Say.Append(2, 1, 1, 1, 1, commit: 2, Make.Command(2, 1)),
            Say.Heartbeat(2, 1, 1, commit: 1),
            Say.Offer(2, 1, 1, index: 5, entryTerm: 1),
        ];
        foreach (var message in stale)
        {
            var node = InRole(role, 2);
            var before = (node.Kind, node.Term, node.Last, node.Commit, node.Core.Vote, node.Core.NextDeadlineMs);
            node.Sent.Clear();

            node.Receive(message);

            var after = (node.Kind, node.Term, node.Last, node.Commit, node.Core.Vote, node.Core.NextDeadlineMs);
            Assert.That(after, Is.EqualTo(before), $"{message}");
            Assert.That(node.Sent, Has.Count.EqualTo(1), $"{message}");
            Assert.That(node.Sent[0].Term.Value, Is.EqualTo(node.Term), $"{message}");
            Assert.That(
                node.Sent[0],
                Is.InstanceOf<Message.VoteResponse>().With.Property("Granted").False
                    .Or.InstanceOf<Message.AppendResponse>().With.Property("Accepted").False);
        }
    }

    [Test]
    public void An_answer_of_a_stale_term_is_dropped([Values] RaftRole role)
    {
        Message[] stale =
        [
            Say.Voted(2, 1, 1), Say.Accepted(2, 1, 1, match: 9), Say.Alive(2, 1, 1, round: 9),
            Say.Rejected(2, 1, 1, 1, 0, 1),
        ];
        foreach (var message in stale)
        {
            var node = InRole(role, 2);
            node.Sent.Clear();

            node.Receive(message);

            Assert.That((node.Kind, node.Commit, node.Sent.Count), Is.EqualTo((role, 1L, 0)), $"{message}");
        }
    }

    // §5.2: "A server remains in follower state as long as it receives valid RPCs from a leader or candidate."
    [Test]
    public void A_follower_that_hears_its_leader_does_not_campaign()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));
        for (var i = 0; i < 100; i++)
        {
            node.Receive(Say.Heartbeat(2, 1, 1));
            node.Wait(999);
        }

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Follower));
    }

    // §5.2: "To begin an election, a follower increments its current term and transitions to candidate state. It then
    // votes for itself and issues RequestVote RPCs in parallel to each of the other servers in the cluster."
    [Test]
    public void Silence_makes_a_follower_ask_first_and_then_campaign_in_the_next_term()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 2], term: 2));

        node.Wait(2000);

        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.PreCandidate, 2L)));
        Assert.That(
            node.Take<Message.VoteRequest>(),
            Is.EqualTo(new[] { Say.Vote(1, 2, 3, 2, 2, preVote: true), Say.Vote(1, 3, 3, 2, 2, preVote: true) }));

        node.Receive(Say.Voted(2, 1, 3, preVote: true));

        Assert.That((node.Kind, node.Term, node.Core.Vote), Is.EqualTo((RaftRole.Candidate, 3L, Make.Id(1))));
        Assert.That(node.Disk.HardState, Is.EqualTo(new HardState(new Term(3), Make.Id(1))));
        Assert.That(
            node.Take<Message.VoteRequest>(), Is.EqualTo(new[] { Say.Vote(1, 2, 3, 2, 2), Say.Vote(1, 3, 3, 2, 2) }));
    }

    // §5.2: "A candidate wins an election if it receives votes from a majority of the servers in the full cluster for
    // the same term."
    [Test]
    public void A_candidate_wins_with_the_votes_of_a_majority_and_not_before([Range(2, 7)] int voters)
    {
        var node = InRole(RaftRole.Candidate, 2, voters);
        for (var votes = 2; votes <= (voters / 2) + 1; votes++)
        {
            Assert.That(node.Kind, Is.EqualTo(RaftRole.Candidate), $"{votes - 1} of {voters}");
            node.Receive(Say.Voted(votes, 1, node.Term), Say.Voted(votes, 1, node.Term));
        }

        Assert.That(node.Kind, Is.EqualTo(RaftRole.Leader));
    }

    [Test]
    public void A_candidate_that_a_majority_refused_falls_back_and_keeps_its_vote()
    {
        var node = InRole(RaftRole.Candidate, 2);

        node.Receive(Say.Voted(2, 1, 2, granted: false), Say.Voted(3, 1, 2, granted: false));

        Assert.That((node.Kind, node.Term, node.Core.Vote), Is.EqualTo((RaftRole.Follower, 2L, Make.Id(1))));
    }

    // §5.2: "Each server will vote for at most one candidate in a given term, on a first-come-first-served basis."
    [Test]
    public void One_vote_a_term_for_who_comes_first()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));

        node.Receive(Say.Vote(2, 1, 2, 1, 1), Say.Vote(3, 1, 2, 1, 1), Say.Vote(2, 1, 2, 1, 1));

        Assert.That(
            node.Take<Message.VoteResponse>(),
            Is.EqualTo(new[] { Say.Voted(1, 2, 2), Say.Voted(1, 3, 2, granted: false), Say.Voted(1, 2, 2) }));
    }

    // Figure 2: currentTerm and votedFor are "updated on stable storage before responding to RPCs".
    [Test]
    public void A_vote_leaves_only_when_it_is_on_disk_and_outlives_a_crash()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };

        node.Receive(Say.Vote(2, 1, 2, 1, 1));
        Assert.That(node.Sent, Is.Empty, "not on disk yet");

        node.Flush();
        Assert.That(node.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 2, 2) }));

        node.HoldsDisk = false;
        node.Restart();
        node.Receive(Say.Vote(3, 1, 2, 9, 2), Say.Vote(2, 1, 2, 1, 1));

        Assert.That(
            node.Take<Message.VoteResponse>(),
            Is.EqualTo(new[] { Say.Voted(1, 3, 2, granted: false), Say.Voted(1, 2, 2) }));
    }

    [Test]
    public void A_vote_that_was_lost_in_a_crash_was_never_spoken_of()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Vote(2, 1, 2, 1, 1));

        node.Restart();
        node.HoldsDisk = false;
        node.Receive(Say.Vote(3, 1, 2, 1, 1));

        Assert.That(node.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 3, 2) }));
    }

    // S3: its own vote binds a candidate too, so it counts only once it is on disk.
    [Test]
    public void A_candidates_own_vote_counts_only_once_it_is_on_disk()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Wait(2000);
        node.Receive(Say.Voted(2, 1, 2, preVote: true));
        node.Sent.Clear();

        node.Receive(Say.Voted(3, 1, 2));
        Assert.That((node.Kind, node.Sent.Count), Is.EqualTo((RaftRole.Candidate, 0)));

        node.Flush();
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Leader));
    }

    // S3: the vote of an earlier campaign becomes durable late and must not count in the next one.
    [Test]
    public void A_late_own_vote_of_an_earlier_term_does_not_count_in_a_later_one()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Wait(2000);
        node.Receive(Say.Voted(2, 1, 2, preVote: true));
        Assert.That((node.Kind, node.Term, node.Writes.Count), Is.EqualTo((RaftRole.Candidate, 2L, 1)));
        node.Receive(Say.Voted(2, 1, 2, granted: false), Say.Voted(3, 1, 2, granted: false));
        node.Wait(2000);
        node.Receive(Say.Voted(2, 1, 3, preVote: true));
        Assert.That((node.Kind, node.Term, node.Writes.Count), Is.EqualTo((RaftRole.Candidate, 3L, 2)));

        node.Flush(1);
        node.Receive(Say.Voted(3, 1, 3));
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Candidate), "the vote of term 3 is not on disk");

        node.Flush();
        Assert.That(node.Kind, Is.EqualTo(RaftRole.Leader));
    }

    // §5.2: "If the leader's term (included in its RPC) is at least as large as the candidate's current term, then the
    // candidate recognizes the leader as legitimate and returns to follower state."
    [Test]
    public void A_candidate_follows_a_leader_of_its_own_term(
        [Values(RaftRole.PreCandidate, RaftRole.Candidate)] RaftRole role)
    {
        Message[] leaders =
        [
            Say.Append(2, 1, 2, 1, 1, 0, Make.Command(2, 2)), Say.Heartbeat(2, 1, 2), Say.Offer(2, 1, 2, 9, 2),
        ];
        foreach (var message in leaders)
        {
            var node = InRole(role, 2);

            node.Receive(message);

            Assert.That((node.Kind, node.Term, node.Core.Leader), Is.EqualTo((RaftRole.Follower, 2L, Make.Id(2))));
            if (message is Message.AppendRequest)
                Assert.That(node.Last, Is.EqualTo(2), "the message is not lost in the change");
        }
    }

    // §5.2: "each candidate will time out and start a new election by incrementing its term".
    [Test]
    public void A_candidate_without_a_result_asks_again()
    {
        var node = InRole(RaftRole.Candidate, 2);
        node.Sent.Clear();

        node.Wait(2000);
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.PreCandidate, 2L)));

        node.Receive(Say.Voted(3, 1, 3, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Candidate, 3L)));
    }

    // §5.2: "election timeouts are chosen randomly from a fixed interval (e.g., 150–300ms)."
    [Test]
    public void Election_timeouts_are_spread_over_their_interval()
    {
        var clock = new ElectionClock(1000, new Random(1));
        var waits = new HashSet<long>();
        for (var i = 0; i < 10_000; i++)
        {
            clock.Restart(nowMs: 50);
            waits.Add(clock.DeadlineMs - 50);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(waits.Min(), Is.EqualTo(1000));
            Assert.That(waits.Max(), Is.EqualTo(1999));
            Assert.That(waits, Has.Count.GreaterThan(990), "nearly every wait occurs");
        }
    }

    // S6, §5.2: "Randomized election timeouts [...] ensure that split votes are rare and that they are resolved
    // quickly."
    [Test]
    public void Split_votes_are_resolved_quickly([Range(1, 20)] int seed, [Values(2, 3, 4, 5)] int voters)
    {
        var cluster = new CoreCluster(voters, seed: seed);

        cluster.Run(6000);

        Assert.That(cluster.Leader, Is.Not.Null);
        Assert.That(cluster.Leader!.Term, Is.LessThanOrEqualTo(4), "at most three rounds");
    }

    // §5.4.1: "If the logs have last entries with different terms, then the log with the later term is more up-to-date.
    // If the logs end with the same term, then whichever log is longer is more up-to-date."
    [TestCase(3, 2, true, TestName = "A vote is granted to an equal log")]
    [TestCase(4, 2, true, TestName = "A vote is granted to a longer log")]
    [TestCase(2, 2, false, TestName = "A vote is refused to a shorter log")]
    [TestCase(1, 3, true, TestName = "A vote is granted to a shorter log of a newer term")]
    [TestCase(9, 1, false, TestName = "A vote is refused to a longer log of an older term")]
    public void A_vote_needs_a_log_that_is_up_to_date(long lastIndex, long lastTerm, bool granted)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 2, 2]));

        node.Receive(Say.Vote(2, 1, 4, lastIndex, lastTerm, preVote: true), Say.Vote(2, 1, 4, lastIndex, lastTerm));

        var answers = node.Take<Message.VoteResponse>();
        Assert.That(answers.Select(answer => answer.Granted), Is.EqualTo(new[] { granted, granted }));
        Assert.That(node.Core.Vote, Is.EqualTo(granted ? Make.Id(2) : NodeId.None));
        Assert.That(node.Term, Is.EqualTo(4), "the term is adopted in any case");
    }

    // S4: "2 of 3 alive with crossed logs elect": one is longer, the other newer.
    [Test]
    public void Of_two_with_crossed_logs_the_newer_one_is_elected()
    {
        var cluster = new CoreCluster(3, number => number == 1
            ? Make.State(Three, [1, 1, 1, 1], term: 3)
            : Make.State(Three, [1, 2], term: 2));
        cluster.Isolate(3);

        cluster.Run(10_000);

        Assert.That(cluster.Leader?.Number, Is.EqualTo(2));
        Assert.That(cluster[1].Terms, Is.EqualTo(cluster[2].Terms));
    }

    // S5: the vote survives a step-down within the term.
    [Test]
    public void A_vote_survives_a_step_down_within_its_term()
    {
        var node = InRole(RaftRole.Candidate, 2);
        node.Receive(Say.Heartbeat(2, 1, 2));
        node.Sent.Clear();

        node.Receive(Say.Vote(3, 1, 2, 9, 2));

        Assert.That(node.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 3, 2, granted: false) }));
        Assert.That(node.Core.Vote, Is.EqualTo(Make.Id(1)));
    }

    // S5: a term that is learned is not a vote.
    [Test]
    public void A_term_learned_from_an_answer_creates_no_vote()
    {
        var node = InRole(RaftRole.Leader, 2);

        node.Receive(Say.Rejected(2, 1, 7, 0, 0, 0));

        Assert.That(node.Disk.HardState, Is.EqualTo(new HardState(new Term(7), NodeId.None)));
        node.NowMs += 5000;
        node.Receive(Say.Vote(3, 1, 7, 9, 6));
        Assert.That(node.Core.Vote, Is.EqualTo(Make.Id(3)));
    }

    // §5.2: "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages to all of the other
    // servers to establish its authority and prevent new elections."
    [Test]
    public void A_new_leader_makes_itself_known_at_once_and_then_regularly()
    {
        var node = InRole(RaftRole.Candidate, 2);
        node.Sent.Clear();

        node.Receive(Say.Voted(2, 1, 2));
        Assert.That(Receivers(node.Take<Message.AppendRequest>()), Is.EqualTo("2 3"));

        node.Tick();
        Assert.That(Receivers(node.Take<Message.Heartbeat>()), Is.EqualTo("2 3"));

        node.Wait(99);
        Assert.That(node.Take<Message.Heartbeat>(), Is.Empty);
        node.Wait(1);
        Assert.That(node.Take<Message.Heartbeat>(), Has.Length.EqualTo(2));
    }

    // S10 and the cluster of one.
    [Test]
    public void A_single_voter_elects_itself_at_once_and_commits_when_its_own_disk_has_it()
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(1), [1])) { HoldsDisk = true };

        node.Tick();
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Candidate, 2L)));
        node.Flush();
        Assert.That((node.Kind, node.Commit), Is.EqualTo((RaftRole.Leader, 1L)));
        node.Flush();
        Assert.That(node.Commit, Is.EqualTo(2), "the no-op");

        node.Propose();
        Assert.That((node.Commit, node.Machine.Count), Is.EqualTo((2L, 2)), "not on disk yet");
        node.Flush();
        Assert.That((node.Commit, node.Machine.Count), Is.EqualTo((3L, 3)));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void A_campaign_that_waits_for_a_slow_disk_is_not_given_up_for_another_term(int voters)
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(voters), [1])) { HoldsDisk = true };
        node.Wait(2000);
        if (voters > 1)
            node.Receive(Say.Voted(2, 1, 2, preVote: true));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Candidate, 2L)));

        for (var i = 0; i < 10; i++)
        {
            node.Wait(2000);
            Assert.That((node.Kind, node.Term, node.Writes.Count), Is.EqualTo((RaftRole.Candidate, 2L, 1)));
            Assert.That(node.Core.NextDeadlineMs, Is.GreaterThan(node.NowMs));
        }

        node.Flush();
        if (voters > 1)
            node.Receive(Say.Voted(2, 1, 2));
        Assert.That((node.Kind, node.Term), Is.EqualTo((RaftRole.Leader, 2L)));
    }

    [Test]
    public void Who_does_not_vote_does_not_campaign_and_has_no_deadline()
    {
        var learner = new CoreNode(4, Make.State(Make.Cluster(3, learners: 1), [1]));

        learner.Wait(100_000);

        Assert.That(learner.Kind, Is.EqualTo(RaftRole.Follower));
        Assert.That(learner.Core.NextDeadlineMs, Is.EqualTo(long.MaxValue));
    }

    // S42, thesis §4.2.2: "a server must process incoming RPC requests without consulting its current configuration.
    // For example, a server must accept [...] a RequestVote from a candidate that is not part of its latest
    // configuration."
    [Test]
    public void A_candidate_outside_the_own_configuration_gets_the_vote_of_anybody()
    {
        var learner = new CoreNode(4, Make.State(Make.Cluster(3, learners: 1), [1]));
        var voter = new CoreNode(1, Make.State(Three, [1]));

        learner.Receive(Say.Vote(9, 4, 2, 1, 1));
        voter.Receive(Say.Vote(9, 1, 2, 1, 1));

        Assert.That(learner.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(4, 9, 2) }));
        Assert.That(voter.Take<Message.VoteResponse>(), Is.EqualTo(new[] { Say.Voted(1, 9, 2) }));
    }

    [Test]
    public void A_deadline_that_has_come_is_over_after_the_tick([Values] RaftRole role)
    {
        var node = InRole(role, 2);
        for (var i = 0; i < 50; i++)
        {
            node.NowMs = Math.Max(node.NowMs, node.Core.NextDeadlineMs);
            node.Tick();

            Assert.That(node.Core.NextDeadlineMs, Is.GreaterThan(node.NowMs), $"{node.Kind} after {i} ticks");
        }
    }

    /// <summary>Node 1 in a role of a term.</summary>
    private static CoreNode InRole(RaftRole role, long term, int voters = 3)
    {
        var campaigns = role is RaftRole.Candidate or RaftRole.Leader;
        var node = new CoreNode(1, Make.State(Make.Cluster(voters), [1], campaigns ? term - 1 : term));
        if (role == RaftRole.Follower)
            return node;

        node.Wait(2000);
        for (var voter = 2; campaigns && voter <= voters && node.Kind == RaftRole.PreCandidate; voter++)
            node.Receive(Say.Voted(voter, 1, term, preVote: true));
        for (var voter = 2; role == RaftRole.Leader && voter <= voters; voter++)
            node.Receive(Say.Voted(voter, 1, term));
        Assert.That((node.Kind, node.Term), Is.EqualTo((role, term)));
        return node;
    }

    private static string Receivers(IEnumerable<Message> messages) =>
        string.Join(' ', messages.Select(message => message.To.Value));
}
