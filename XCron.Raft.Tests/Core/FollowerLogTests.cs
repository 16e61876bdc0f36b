using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>The Raft paper §5.3, from the follower's side: what an append does to a log.</summary>
internal sealed class FollowerLogTests
{
    private static readonly Membership Three = Make.Cluster(3);

    // §5.3: "If the follower does not find an entry in its log with the same index and term, then it refuses the new
    // entries." With the term of the conflicting entry and the first index of that term.
    [TestCase(0, 0, null)]
    [TestCase(3, 1, null)]
    [TestCase(5, 2, null)]
    [TestCase(6, 2, "0 6")]
    [TestCase(9, 3, "0 6")]
    [TestCase(5, 3, "2 4")]
    [TestCase(4, 3, "2 4")]
    [TestCase(3, 2, "1 1")]
    public void An_append_is_refused_unless_the_entry_before_it_is_there(long prev, long prevTerm, string? conflict)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 2, 2], term: 4));

        node.Receive(Say.Append(2, 1, 4, prev, prevTerm, commit: 0));

        var answer = node.Take<Message.AppendResponse>().Single();
        Assert.That(node.Terms, Is.EqualTo(new long[] { 1, 1, 1, 2, 2 }), "nothing is lost by looking");
        if (conflict is null)
        {
            Assert.That((answer.Accepted, answer.Match.Value), Is.EqualTo((true, prev)));
            return;
        }

        Assert.That((answer.Accepted, answer.RejectedPrev.Value), Is.EqualTo((false, prev)));
        Assert.That($"{answer.ConflictTerm} {answer.ConflictIndex}", Is.EqualTo(conflict));
    }

    // §5.3: "conflicting entries in follower logs will be overwritten with entries from the leader's log".
    [TestCase(3, "3 3", "1 1 1 3 3", TestName = "A conflicting suffix is replaced")]
    [TestCase(4, "2 3", "1 1 1 2 2 3", TestName = "What agrees stays, and the rest follows it")]
    [TestCase(5, "3", "1 1 1 2 2 3", TestName = "New entries are appended")]
    [TestCase(4, "3", "1 1 1 2 3", TestName = "One entry replaces the last one")]
    [TestCase(2, "1", "1 1 1 2 2", TestName = "An old prefix takes nothing away")]
    [TestCase(0, "1 1", "1 1 1 2 2", TestName = "A doubled append from the first entry on takes nothing away")]
    [TestCase(3, "2 2 3", "1 1 1 2 2 3", TestName = "An overlap is passed over")]
    [TestCase(3, "", "1 1 1 2 2", TestName = "An empty append takes nothing away")]
    public void An_append_makes_the_log_agree(long prev, string terms, string expected)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 2, 2], term: 4));
        var prevTerm = prev == 0 ? 0 : node.Terms[prev - 1];
        var numbers = terms.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse);
        var entries = Make.Commands(prev + 1, [.. numbers]);
        if (prev == 0)
            entries[0] = Make.Configuration(1, 1, Three);

        node.Receive(Say.Append(2, 1, 4, prev, prevTerm, commit: 0, entries));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(string.Join(' ', node.Terms), Is.EqualTo(expected));
            Assert.That(node.Disk.Last.Value, Is.EqualTo(node.Last), "disk and memory agree");
            Assert.That(
                node.Take<Message.AppendResponse>().Single().Match.Value,
                Is.EqualTo(prev + entries.Length),
                "the tail of this message, never the own last index");
        }
    }

    // What a follower accepts only rises in a term, so of two acceptances that may leave together one is enough.
    [TestCase(1, 4, 9, true)]
    [TestCase(1, 4, 8, true)]
    [TestCase(1, 4, 7, false)]
    [TestCase(3, 4, 9, false)]
    [TestCase(1, 5, 9, false)]
    public void An_acceptance_stands_for_an_earlier_one_of_less(int to, long term, long match, bool supersedes)
    {
        var earlier = Say.Accepted(2, 1, 4, match: 8);
        var later = Say.Accepted(2, to, term, match);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(later.Supersedes(earlier), Is.EqualTo(supersedes));
            Assert.That(later.Supersedes(Say.Rejected(2, 1, 4, 8, 0, 3)), Is.False, "a refusal is always told");
            Assert.That(Say.Rejected(2, 1, 4, 8, 0, 3).Supersedes(earlier), Is.False);
        }
    }

    // S12: every order and repetition of the same appends gives the same log.
    [Test]
    public void Doubled_delayed_and_reordered_appends_never_shorten_the_log([Range(1, 50)] int seed)
    {
        var random = new Random(seed);
        var log = Make.Commands(2, 1, 1, 2, 2, 2, 3, 3, 3, 3);
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1], term: 3));
        var bag = Enumerable.Range(0, 30).Select(_ =>
        {
            var from = random.Next(log.Length);
            var entries = log[from..random.Next(from, log.Length + 1)];
            var (prev, prevTerm) = from == 0 ? (1, 1) : (from + 1, log[from - 1].Term.Value);
            return Say.Append(2, 1, 3, prev, prevTerm, commit: random.Next(1, prev + entries.Length + 3), entries);
        }).ToArray();
        var (longest, last) = (0L, 3L);
        foreach (var append in bag)
        {
            node.Receive(append);

            var answer = node.Take<Message.AppendResponse>().Single();
            if (answer.Accepted)
            {
                longest = Math.Max(longest, answer.Match.Value);
                Assert.That(answer.Match, Is.EqualTo(append.PrevIndex + append.Entries.Length), $"seed {seed}");
            }

            Assert.That(node.Last, Is.GreaterThanOrEqualTo(longest), $"seed {seed}: what was acknowledged stays");
            var verified = Math.Max(1, longest);
            Assert.That(node.Commit, Is.LessThanOrEqualTo(verified), $"seed {seed}: only what was verified");
            Assert.That(node.Last, Is.GreaterThanOrEqualTo(last), $"seed {seed}: nothing conflicts, so nothing goes");
            last = node.Last;
        }

        node.Receive(Say.Append(2, 1, 3, 1, 1, commit: 10, log));
        Assert.That(node.Terms[1..], Is.EqualTo(log.Select(entry => entry.Term.Value)), $"seed {seed}");
        Assert.That(node.Machine.Skip(1), Is.EqualTo(log).Using<LogEntry>(Make.IsSame), $"seed {seed}");
    }

    // S13
    [Test]
    public void Truncating_what_is_committed_stops_the_node()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1], commit: 3));

        Assert.That(
            () => node.Receive(Say.Append(2, 1, 2, 1, 1, commit: 1, Make.Command(2, 2))),
            Throws.TypeOf<InvariantException>().With.Message.Contains("never truncated"));
    }

    // S14, figure 2: "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)".
    [TestCase(1, "", 5, 1)]
    [TestCase(2, "", 5, 2)]
    [TestCase(2, "1", 5, 3)]
    [TestCase(2, "1", 2, 2)]
    [TestCase(3, "2 2 2", 5, 5)]
    public void Only_what_a_message_verified_is_committed(long prev, string terms, long leaderCommit, long expected)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 2, 2], term: 4));
        var numbers = terms.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse);
        var entries = Make.Commands(prev + 1, [.. numbers]);

        node.Receive(Say.Append(2, 1, 4, prev, node.Terms[prev - 1], leaderCommit, entries));

        Assert.That((node.Commit, node.Applied.Value), Is.EqualTo((expected, expected)));
    }

    [Test]
    public void A_commit_index_never_falls()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1], commit: 3));

        node.Receive(Say.Append(2, 1, 1, 1, 1, commit: 1), Say.Heartbeat(2, 1, 1, commit: 2));

        Assert.That(node.Commit, Is.EqualTo(3));
    }

    // S15
    [Test]
    public void A_heartbeat_moves_the_commit_index_and_never_the_log()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1]));

        node.Receive(Say.Heartbeat(2, 1, 1, commit: 2, round: 7));

        Assert.That((node.Last, node.Commit, node.Applied.Value), Is.EqualTo((3L, 2L, 2L)));
        Assert.That(
            node.Take<Message.HeartbeatResponse>().Single(),
            Is.EqualTo(Say.Alive(1, 2, 1, round: 7, lastIndex: 3) with { Commit = Make.At(2), PromiseMs = 1000 }));
    }

    // §5.3: "Once a follower learns that a log entry is committed, it applies the entry to its local state machine (in
    // log order)."
    [Test]
    public void Committed_entries_are_applied_in_log_order_each_once()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));

        node.Receive(
            Say.Append(2, 1, 1, 1, 1, 1, Make.Commands(2, 1, 1, 1)),
            Say.Heartbeat(2, 1, 1, commit: 2),
            Say.Heartbeat(2, 1, 1, commit: 4),
            Say.Heartbeat(2, 1, 1, commit: 4));

        Assert.That(node.Machine.Select(entry => entry.Index.Value), Is.EqualTo(new long[] { 1, 2, 3, 4 }));
    }

    // Figure 2: the log is "updated on stable storage before responding to RPCs".
    [Test]
    public void An_append_is_acknowledged_only_when_it_is_on_disk()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };

        node.Receive(Say.Append(2, 1, 1, 1, 1, 1, Make.Commands(2, 1, 1)));
        Assert.That(node.Sent, Is.Empty);

        node.Flush();
        Assert.That(node.Take<Message.AppendResponse>().Single().Match.Value, Is.EqualTo(3));
    }

    [Test]
    public void A_heartbeat_is_answered_while_the_disk_is_busy()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Append(2, 1, 1, 1, 1, 1, Make.Commands(2, 1, 1)));

        node.Receive(Say.Heartbeat(2, 1, 1));

        Assert.That(node.Take<Message.HeartbeatResponse>(), Has.Length.EqualTo(1));
    }

    // S1: "any message with higher term -> follower, term persisted before any reply".
    [Test]
    public void The_first_heartbeat_of_a_term_is_answered_once_the_term_is_on_disk()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };

        node.Receive(Say.Heartbeat(2, 1, 5));
        Assert.That(node.Sent, Is.Empty);

        node.Flush();
        Assert.That(node.Take<Message.HeartbeatResponse>(), Has.Length.EqualTo(1));
    }

    [Test]
    public void Appends_of_one_batch_become_one_write_and_one_acknowledgement()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };

        node.ReceiveTogether(
            Say.Append(2, 1, 1, 1, 1, 1, Make.Command(2, 1)),
            Say.Append(2, 1, 1, 2, 1, 1, Make.Command(3, 1)),
            Say.Append(2, 1, 1, 3, 1, 1, Make.Command(4, 1)));

        Assert.That(node.Writes.Single().Entries, Has.Length.EqualTo(3));
        node.Flush();
        Assert.That(node.Take<Message.AppendResponse>().Single().Match.Value, Is.EqualTo(4));
    }

    // S20: entries of term 2 are being written; term 3 cuts them, term 4 puts others in their place.
    [Test]
    public void The_report_of_a_write_whose_entries_were_replaced_confirms_nothing_of_their_successors()
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Append(2, 1, 2, 1, 1, 1, Make.Commands(2, 2, 2, 2)));
        node.Receive(Say.Append(3, 1, 3, 1, 1, 1, Make.Commands(2, 3)));
        node.Receive(Say.Append(2, 1, 4, 2, 3, 1, Make.Commands(3, 4, 4)));
        Assert.That(node.Writes, Has.Count.EqualTo(3));

        node.Flush(1);
        Assert.That(node.Core.Log.Durable.Value, Is.EqualTo(1), "of the log as it is now, nothing new is on disk");
        Assert.That(node.Sent.OfType<Message.AppendResponse>().Where(answer => answer.Term.Value > 2), Is.Empty);

        node.Flush(1);
        Assert.That(node.Core.Log.Durable.Value, Is.EqualTo(2));
        node.Flush();
        Assert.That(node.Core.Log.Durable.Value, Is.EqualTo(4));
        Assert.That(node.Take<Message.AppendResponse>()[^1].Match.Value, Is.EqualTo(4));
    }

    // S21: at every boundary a crash leaves what had been asked for up to there, term and entries in their order.
    [Test]
    public void Whatever_write_a_crash_comes_after_the_disk_is_a_prefix_of_history([Range(0, 4)] int writes)
    {
        var node = new CoreNode(1, Make.State(Three, [1])) { HoldsDisk = true };
        node.Receive(Say.Append(2, 1, 2, 1, 1, 1, Make.Commands(2, 2, 2)));
        node.Receive(Say.Append(2, 1, 3, 1, 1, 1, Make.Commands(2, 3)));
        node.Receive(Say.Vote(3, 1, 4, 9, 3));
        node.NowMs += 5000;
        node.Receive(Say.Vote(3, 1, 4, 9, 3));
        Assert.That(node.Writes, Has.Count.EqualTo(3));

        node.Flush(writes);
        node.Restart();

        var state = $"{node.Term} {node.Core.Vote.Value} [{string.Join(' ', node.Terms)}]";
        Assert.That(state, Is.EqualTo(writes switch
        {
            0 => "1 0 [1]",
            1 => "2 0 [1 2 2]",
            2 => "3 0 [1 3]",
            _ => "4 3 [1 3]",
        }));
    }

    // §6: a configuration counts from its append on, and goes with its entry.
    [Test]
    public void A_configuration_is_in_force_when_appended_and_gone_when_truncated()
    {
        var node = new CoreNode(1, Make.State(Three, [1]));

        node.Receive(Say.Append(2, 1, 2, 1, 1, 1, Make.Configuration(2, 2, Make.Cluster(5))));
        Assert.That(node.Core.Membership.Voters, Has.Length.EqualTo(5));

        node.Receive(Say.Append(3, 1, 3, 1, 1, 1, Make.Command(2, 3)));
        Assert.That(node.Core.Membership.Voters, Has.Length.EqualTo(3));
    }

    // Apply back-pressure: what the state machine has not reported back is bounded, and nothing is left out.
    [Test]
    public void A_slow_state_machine_is_handed_a_bounded_amount()
    {
        var options = new CoreOptions { Self = default, MaxUnappliedEntries = 10, MaxApplyBytes = 50 };
        var node = new CoreNode(1, Make.State(Three, [1]), options) { HoldsApplies = true };
        node.Apply();
        node.Receive(Say.Append(2, 1, 1, 1, 1, commit: 101, Make.Commands(2, [.. Enumerable.Repeat(1L, 100)])));

        Assert.That(node.Applies.Sum(batch => batch.Length), Is.EqualTo(10));
        Assert.That(node.Applies, Has.All.Length.LessThanOrEqualTo(6), "8 bytes each, 50 at once");
        while (node.Applies.Count > 0)
            node.Apply(1);

        Assert.That(node.Applied.Value, Is.EqualTo(101));
    }

    [Test]
    public void Unapplied_and_unwritten_entries_stay_in_memory_whatever_the_cache_allows()
    {
        var options = new CoreOptions { Self = default, CachedLogBytes = 10 };
        var node = new CoreNode(1, Make.State(Three, [1]), options) { HoldsApplies = true };
        node.Apply();
        node.Receive(Say.Append(2, 1, 1, 1, 1, commit: 21, Make.Commands(2, [.. Enumerable.Repeat(1L, 40)])));

        Assert.That(node.Core.Log.View.IsCached(Make.At(2)));
        node.HoldsApplies = false;
        node.Apply();
        Assert.That(node.Core.Log.View.IsCached(Make.At(21)), Is.False, "applied and on disk");
        Assert.That(node.Core.Log.View.IsCached(Make.At(22)), "not applied");
    }
}
