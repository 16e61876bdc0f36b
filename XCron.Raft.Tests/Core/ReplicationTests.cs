using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>The Raft paper §5.3, from the leader's side, and what its progress of a peer survives.</summary>
internal sealed class ReplicationTests
{
    private static readonly Membership Three = Make.Cluster(3);

    // §5.3: "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in parallel to
    // each of the other servers"; thesis §10.2.1: "the leader can write to its disk in parallel with replicating".
    [Test]
    public void An_entry_is_sent_to_all_before_it_is_on_the_own_disk()
    {
        var node = Leader();
        node.HoldsDisk = true;

        node.Propose();

        var appends = node.Take<Message.AppendRequest>();
        Assert.That(appends.Select(append => append.Entries[0].Index.Value), Is.EqualTo(new long[] { 3, 3 }));
        Assert.That(node.Writes, Has.Count.EqualTo(1));
    }

    // §5.3: "A log entry is committed once the leader that created the entry has replicated it on a majority of the
    // servers". "Once the entry has been safely replicated [...] the leader applies the entry to its state machine".
    [Test]
    public void An_entry_is_committed_and_applied_once_a_majority_has_it([Range(2, 7)] int voters)
    {
        var node = Leader(voters);
        node.Propose();
        for (var acks = 1; acks < (voters / 2) + 1; acks++)
        {
            Assert.That((node.Commit, node.Applied.Value), Is.EqualTo((2L, 2L)), $"{acks} of {voters}");
            node.Receive(Say.Accepted(acks + 1, 1, 2, match: 3));
        }

        Assert.That((node.Commit, node.Applied.Value), Is.EqualTo((3L, 3L)));
    }

    // §5.3: "This also commits all preceding entries in the leader's log, including entries created by previous
    // leaders."
    [Test]
    public void Committing_an_entry_commits_all_before_it()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 2, 2])).Lead();

        node.Receive(Say.Accepted(2, 1, 3, match: 5));

        Assert.That((node.Commit, node.Machine.Count), Is.EqualTo((5L, 5)));
    }

    // §5.3: "The leader keeps track of the highest index it knows to be committed, and it includes that index in future
    // AppendEntries RPCs (including heartbeats) so that the other servers eventually find out."
    [Test]
    public void Followers_are_told_what_is_committed_never_past_what_they_are_known_to_hold()
    {
        var node = Leader();
        node.Propose();
        node.Receive(Say.Accepted(2, 1, 2, match: 3));

        var told = node.Take<Message.Heartbeat>();
        Assert.That(told.Select(beat => (beat.To.Value, beat.Commit.Value)), Is.EqualTo(new[] { (2UL, 3L) }));

        node.Wait(100);
        told = node.Take<Message.Heartbeat>();
        Assert.That(
            told.Select(beat => (beat.To.Value, beat.Commit.Value)), Is.EqualTo(new[] { (2UL, 3L), (3UL, 2L) }));
    }

    // §5.3: "A leader never overwrites or deletes entries in its own log (the Leader Append-Only Property in Figure
    // 3)."
    [Test]
    public void Whatever_peers_answer_a_leader_only_appends()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 2])).Lead();
        node.Propose();
        long[] before = node.Terms;

        node.Receive(
            Say.Rejected(2, 1, 3, prev: 3, conflictTerm: 1, conflictIndex: 1),
            Say.Rejected(3, 1, 3, prev: 3, conflictTerm: 0, conflictIndex: 2),
            Say.Accepted(2, 1, 3, match: 77),
            Say.Alive(2, 1, 3, round: 99, lastIndex: 99));

        Assert.That(node.Terms, Is.EqualTo(before));
        Assert.That(node.Commit, Is.EqualTo(1), "an answer for what was never sent confirms nothing");
    }

    // §5.3: "If followers crash or run slowly, or if network packets are lost, the leader retries AppendEntries RPCs
    // indefinitely".
    [Test]
    public void A_follower_that_is_away_for_long_gets_everything_when_it_is_back()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        cluster[3].Crash();
        for (var i = 0; i < 50; i++)
        {
            leader.Propose();
            cluster.Run(100);
        }

        cluster[3].Start();
        cluster.Run(1000);

        ClusterChecks.CheckEqual(cluster.Nodes);
        Assert.That(cluster.Checks.TermsLed, Is.EqualTo(1));
    }

    // §5.3: "When sending an AppendEntries RPC, the leader includes the index and term of the entry in its log that
    // immediately precedes the new entries."
    [Test]
    public void An_append_names_what_precedes_it()
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 2]));
        node.NowMs = 2000;
        node.Tick();
        node.Receive(Say.Voted(2, 1, 3, preVote: true), Say.Voted(2, 1, 3));

        var append = node.Take<Message.AppendRequest>()[0];

        Assert.That((append.PrevIndex.Value, append.PrevTerm.Value), Is.EqualTo((3L, 2L)));
        Assert.That(append.Entries.Select(entry => entry.Kind), Is.EqualTo(new[] { EntryKind.NoOp }));
    }

    // §5.3: "the follower can include the term of the conflicting entry and the first index it stores for that term.
    // With this information, the leader can decrement nextIndex to bypass all of the conflicting entries in that term".
    [TestCase(9, 0, 4, 3, TestName = "A probe goes to the end of a log that is too short")]
    [TestCase(9, 3, 7, 6, TestName = "A probe passes over a whole term that the leader lacks")]
    [TestCase(9, 2, 4, 5, TestName = "A probe goes to the leader's last entry of the follower's term")]
    [TestCase(9, 1, 1, 3, TestName = "A probe goes to the leader's last entry of an even older term")]
    public void A_rejection_says_where_to_look_next(long prev, long conflictTerm, long conflictIndex, long expectedPrev)
    {
        var node = new CoreNode(1, Make.State(Three, [1, 1, 1, 2, 2, 4, 4, 4, 4])).Lead();

        node.Receive(Say.Rejected(2, 1, 5, prev, conflictTerm, conflictIndex));

        Assert.That(node.Take<Message.AppendRequest>().Single().PrevIndex.Value, Is.EqualTo(expectedPrev));
    }

    // S16
    [Test]
    public void Answers_in_any_order_only_move_a_peer_forward()
    {
        var node = Leader();
        for (var i = 0; i < 5; i++)
            node.Propose();
        node.Sent.Clear();

        node.Receive(Say.Accepted(2, 1, 2, match: 7), Say.Accepted(2, 1, 2, match: 4), Say.Accepted(2, 1, 2, match: 4));
        node.Receive(Say.Rejected(2, 1, 2, prev: 5, conflictTerm: 0, conflictIndex: 4));

        var peer = Peer(node, 2);
        Assert.That((peer.Match.Value, peer.Next.Value, peer.State), Is.EqualTo((7L, 8L, PeerState.Replicate)));
        Assert.That(node.Commit, Is.EqualTo(7));
    }

    // S17, heartbeat_resp_recovers_from_probing
    [Test]
    public void A_lost_probe_is_sent_again_after_a_heartbeats_answer()
    {
        var node = new CoreNode(1, Make.State(Three, [1])).Lead();
        Assert.That(Peer(node, 2).State, Is.EqualTo(PeerState.Probe));

        node.Propose();
        Assert.That(node.Take<Message.AppendRequest>(), Is.Empty, "one probe is on its way");

        node.Wait(100);
        node.Receive(Say.Alive(2, 1, 2));
        Assert.That(node.Take<Message.AppendRequest>().Single().To, Is.EqualTo(Make.Id(2)));
    }

    // S17: all of the appends or all of their answers are lost; the window must not stay shut.
    [Test]
    public void A_full_window_opens_again_whatever_was_lost([Values] bool appendsAreLost)
    {
        var options = new CoreOptions { Self = default, MaxInflightAppends = 4 };
        var cluster = new CoreCluster(3, options: options);
        var leader = cluster.Elect(1);
        cluster.Loses = message => appendsAreLost
            ? message is Message.AppendRequest { Entries.Length: > 0 } && message.To == Make.Id(2)
            : message is Message.AppendResponse && message.From == Make.Id(2);
        for (var i = 0; i < 20; i++)
        {
            leader.Propose();
            cluster.Settle();
        }

        cluster.Loses = static _ => false;
        cluster.Run(1000);

        Assert.That(Peer(leader, 2).Match.Value, Is.EqualTo(leader.Last));
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    // S18: "unreachable peer -> Probe: at most one message per heartbeat; memory per peer bounded by inflight bytes".
    [Test]
    public void A_silent_peer_is_sent_no_more_than_its_window()
    {
        var options = new CoreOptions { Self = default, MaxInflightAppends = 1000, MaxInflightBytes = 500 };
        var node = Leader(options: options);
        for (var i = 0; i < 100; i++)
        {
            node.Propose(bytes: 100);
            node.Receive(Say.Accepted(2, 1, 2, node.Last));
        }

        var bytes = node.Take<Message.AppendRequest>()
            .Where(append => append.To == Make.Id(3))
            .Sum(append => append.Entries.Sum(entry => entry.Payload.Length));
        Assert.That(bytes, Is.EqualTo(500));
    }

    // S18: a peer that answers heartbeats while its disk hangs must not be sent ever more to hold in memory.
    [Test]
    public void A_peer_whose_disk_hangs_is_sent_no_more_than_its_window()
    {
        var node = Leader(options: new CoreOptions { Self = default, MaxInflightAppends = 4 });
        for (var i = 0; i < 50; i++)
        {
            node.Propose();
            node.Receive(Say.Accepted(2, 1, 2, node.Last));
            node.Wait(100);
            node.Receive(Say.Alive(2, 1, 2), Say.Alive(3, 1, 2));
        }

        var appends = node.Take<Message.AppendRequest>().Where(append => append.To == Make.Id(3)).ToArray();
        Assert.That(appends.Count(append => append.Entries.Length > 0), Is.EqualTo(4));
        Assert.That(appends.Count(append => append.Entries.Length == 0), Is.InRange(40, 50), "one a heartbeat");
    }

    // Rounds for reads are heartbeats too, and may be many: each answer allowed another probe of a megabyte.
    [Test]
    public void A_probe_is_sent_once_a_heartbeat_interval_however_many_answers_come()
    {
        var node = new CoreNode(1, Make.State(Three, [1])).Lead();

        for (var i = 0; i < 20; i++)
        {
            node.NowMs += 10;
            node.Receive(Say.Alive(2, 1, 2));
        }

        Assert.That(node.Take<Message.AppendRequest>(), Has.Length.EqualTo(2), "200 ms, 100 between heartbeats");
    }

    [Test]
    public void A_peer_that_lags_behind_the_cut_log_with_a_full_window_is_offered_the_snapshot()
    {
        var node = Leader(options: new CoreOptions { Self = default, MaxInflightAppends = 2 });
        for (var i = 0; i < 10; i++)
        {
            node.Propose();
            node.Receive(Say.Accepted(2, 1, 2, node.Last));
        }

        node.TakeSnapshot();
        for (var i = 0; i < 2; i++)
        {
            node.Wait(100);
            node.Receive(Say.Alive(2, 1, 2), Say.Alive(3, 1, 2));
        }

        Assert.That(Peer(node, 3).State, Is.EqualTo(PeerState.Snapshot));
        Assert.That(node.Take<Message.SnapshotOffer>(), Is.Not.Empty);
    }

    [Test]
    public void A_peer_that_lost_its_connection_is_probed_from_what_it_is_known_to_hold()
    {
        var node = Leader();
        node.Propose();
        node.Propose();
        node.Sent.Clear();

        node.Core.OnPeerDisconnected(Make.Id(2));
        node.Pump();

        var probe = node.Take<Message.AppendRequest>().Single();
        Assert.That((probe.To, probe.PrevIndex.Value, probe.Entries.Length), Is.EqualTo((Make.Id(2), 2L, 2)));
        node.Propose();
        Assert.That(node.Take<Message.AppendRequest>().Select(append => append.To), Has.None.EqualTo(Make.Id(2)));
    }

    // S18: "unreachable peer -> Probe: <= 1 message per heartbeat".
    [Test]
    public void A_peer_that_is_away_is_sent_one_heartbeat_an_interval_and_nothing_else()
    {
        var node = Leader();
        node.Core.OnPeerDisconnected(Make.Id(3));
        node.Propose();
        node.Receive(Say.Accepted(2, 1, 2, node.Last));
        node.Sent.Clear();

        for (var i = 0; i < 20; i++)
        {
            node.Propose();
            node.Receive(Say.Accepted(2, 1, 2, node.Last));
            node.Wait(100);
            node.Receive(Say.Alive(2, 1, 2));
        }

        Assert.That(Peer(node, 3).State, Is.EqualTo(PeerState.Probe));
        var toIt = node.Sent.Where(message => message.To == Make.Id(3)).ToArray();
        Assert.That(toIt, Has.Length.EqualTo(20).And.All.InstanceOf<Message.Heartbeat>());
    }

    // S19
    [Test]
    public void A_slow_follower_does_not_slow_the_others()
    {
        var cluster = new CoreCluster(3);
        var leader = cluster.Elect(1);
        cluster[3].HoldsDisk = true;

        for (var i = 0; i < 100; i++)
        {
            leader.Propose();
            cluster.Settle();
            Assert.That(leader.Commit, Is.EqualTo(leader.Last));
        }

        cluster[3].HoldsDisk = false;
        cluster[3].Flush();
        cluster.Run(500);
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    [Test]
    public void Appends_are_cut_by_count_and_bytes_and_a_large_entry_goes_alone()
    {
        var options = new CoreOptions { Self = default, MaxAppendEntries = 3, MaxAppendBytes = 100 };
        var node = Leader(options: options);
        int[] sizes = [10, 10, 10, 10, 60, 60, 500, 10];
        foreach (var bytes in sizes)
            node.Core.Propose(new byte[bytes]);
        node.Pump();

        var sent = node.Take<Message.AppendRequest>().Where(append => append.To == Make.Id(2));
        Assert.That(
            sent.Select(append => string.Join('+', append.Entries.Select(entry => entry.Payload.Length))),
            Is.EqualTo("10+10+10 10+60 60 500 10".Split(' ')));
    }

    // A peer so far behind that memory no longer has what it needs, but the disk does.
    [Test]
    public void Entries_that_left_memory_are_read_from_disk()
    {
        var options = new CoreOptions { Self = default, CachedLogBytes = 100, MaxAppendBytes = 300 };
        var cluster = new CoreCluster(3, options: options);
        var leader = cluster.Elect(1);
        cluster[3].Crash();
        for (var i = 0; i < 60; i++)
        {
            leader.Propose(bytes: 50);
            cluster.Settle();
        }

        Assert.That(leader.Core.Log.View.IsCached(Make.At(20)), Is.False);
        leader.HoldsLoads = true;
        cluster[3].Start();
        cluster.Run(500);
        Assert.That(leader.Loads, Has.Count.EqualTo(1), "asked for once, however often it is wanted");

        leader.HoldsLoads = false;
        leader.Load();
        cluster.Run(500);
        ClusterChecks.CheckEqual(cluster.Nodes);
    }

    [Test]
    public void Entries_read_for_an_earlier_place_are_not_sent()
    {
        var node = Leader(options: new CoreOptions { Self = default, CachedLogBytes = 50 });
        node.HoldsLoads = true;
        for (var i = 0; i < 10; i++)
            node.Propose(bytes: 40);
        node.Receive(Say.Accepted(2, 1, 2, match: 12));
        node.Core.OnPeerDisconnected(Make.Id(3));
        node.Pump();
        var wanted = node.Loads.Single(load => load.Peer == Make.Id(3));
        node.Receive(Say.Accepted(3, 1, 2, match: 6));
        node.Sent.Clear();

        node.Core.OnEntriesLoaded(wanted.Peer, wanted.From, node.Disk.Read(wanted.From, wanted.MaxBytes));
        node.Pump();

        Assert.That(node.Take<Message.AppendRequest>(), Is.Empty);
        Assert.That(node.Loads[^1].From.Value, Is.EqualTo(7));
    }

    [Test]
    public void Entries_that_were_cut_off_while_they_were_being_read_become_an_offer()
    {
        var node = Leader(options: new CoreOptions { Self = default, CachedLogBytes = 50 });
        node.HoldsLoads = true;
        for (var i = 0; i < 10; i++)
            node.Propose(bytes: 40);
        node.Receive(Say.Accepted(2, 1, 2, match: 12));
        node.Core.OnPeerDisconnected(Make.Id(3));
        node.Pump();
        var wanted = node.Loads.Single(load => load.Peer == Make.Id(3));
        var read = node.Disk.Read(wanted.From, wanted.MaxBytes);
        node.TakeSnapshot(keepFrom: 8);
        node.Sent.Clear();

        node.Core.OnEntriesLoaded(wanted.Peer, wanted.From, read);
        node.Pump();

        Assert.That(node.Take<Message.SnapshotOffer>().Single().To, Is.EqualTo(Make.Id(3)));
    }

    /// <summary>Node 1 leads in term 2; its no-op is committed and everybody follows.</summary>
    private static CoreNode Leader(int voters = 3, CoreOptions? options = null)
    {
        var node = new CoreNode(1, Make.State(Make.Cluster(voters), [1]), options).Lead();
        for (var voter = 2; voter <= voters; voter++)
            node.Receive(Say.Accepted(voter, 1, 2, match: 2));
        node.Sent.Clear();
        return node;
    }

    private static PeerProgress Peer(CoreNode leader, int number) =>
        leader.Core.Peers.Single(peer => peer.Id == Make.Id(number));
}
