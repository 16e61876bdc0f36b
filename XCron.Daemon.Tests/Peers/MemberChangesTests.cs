using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

[CancelAfter(10_000)]
internal sealed class MemberChangesTests
{
    private static readonly Guid ClusterId = new("6a1f0b52-3c1e-4c52-9a57-555555555555");
    private static readonly PeerOptions Options = new() { Address = "a:1", SharedSecret = "s" };

    private ManualTime _time = null!;
    private InMemoryDialer _dialer = null!;
    private InMemoryMembers _raft = null!;
    private MemberChanges _changes = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _dialer = new InMemoryDialer();
        var members = new Membership(ClusterId, [Of(1, "a:1"), Of(2, "b:1"), Of(3, "c:1")]);
        _raft = new InMemoryMembers(new NodeId(1), members);
        _changes = new MemberChanges(_raft, _dialer, Options, _time);
    }

    [Test]
    public async Task A_node_is_added_under_the_id_that_it_says_it_has(CancellationToken cancellationToken)
    {
        _dialer.Identities.Add("d:1", new PeerIdentity(new NodeId(4), "d:1", []).Reply);

        var answer = await _changes.ChangeAsync(MemberAction.Add, "d:1", cancellationToken);

        Assert.That(answer, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(_raft.Asked.Single(), Is.EqualTo("add 4 at d:1"));
        Assert.That(_raft.Membership.Find(new NodeId(4))!.Suffrage, Is.EqualTo(Suffrage.Learner));
    }

    [Test]
    public async Task A_node_of_another_cluster_is_not_added(CancellationToken cancellationToken)
    {
        var alone = new Membership(Guid.NewGuid(), [Of(4, "d:1")]);
        _dialer.Identities.Add(
            "d:1", new PeerIdentity(new NodeId(4), "d:1", []) { InitialMembership = alone }.Reply);

        var answer = await _changes.ChangeAsync(MemberAction.Add, "d:1", cancellationToken);

        Assert.That(answer, Is.TypeOf<MemberAnswer.Refused>());
        Assert.That(((MemberAnswer.Refused)answer).Why, Does.Contain("another cluster").And.Contain("join"));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_node_of_a_side_that_was_given_up_is_not_added(CancellationToken cancellationToken)
    {
        _raft.Epoch = 1;
        var old = new Membership(ClusterId, [Of(4, "d:1")]);
        _dialer.Identities.Add("d:1", new PeerIdentity(new NodeId(4), "d:1", []) { InitialMembership = old }.Reply);

        var answer = await _changes.ChangeAsync(MemberAction.Add, "d:1", cancellationToken);

        Assert.That(((MemberAnswer.Refused)answer).Why, Does.Contain("recovered under epoch 1"));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_node_that_cannot_be_reached_is_not_added(CancellationToken cancellationToken)
    {
        var answer = await _changes.ChangeAsync(MemberAction.Add, "d:1", cancellationToken);

        Assert.That(((MemberAnswer.Refused)answer).Why, Does.Contain("d:1"));
    }

    [Test]
    public async Task Adding_a_member_again_is_done_already(CancellationToken cancellationToken)
    {
        _dialer.Identities.Add("b:1", new PeerIdentity(new NodeId(2), "b:1", []).Reply);

        var answer = await _changes.ChangeAsync(MemberAction.Add, "b:1", cancellationToken);

        Assert.That(answer, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_node_with_a_wiped_directory_takes_the_place_of_its_former_self(
        CancellationToken cancellationToken)
    {
        _raft.Silent[new NodeId(3)] = TimeSpan.FromSeconds(5);

        var reply = await _changes.AnswerAsync(TakeIn(9, "c:1"), cancellationToken);

        Assert.That(reply.Status, Is.EqualTo(MemberReply.Types.Status.Done));
        Assert.That(_raft.Asked.Single(), Is.EqualTo("replace 3 by 9"));
    }

    [Test]
    public async Task A_member_that_was_just_heard_is_not_replaced(CancellationToken cancellationToken)
    {
        var reply = await _changes.AnswerAsync(TakeIn(9, "c:1"), cancellationToken);

        Assert.That(reply.Status, Is.EqualTo(MemberReply.Types.Status.Refused));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_leader_with_a_majority_vouches_for_the_rest_of_a_damaged_member(
        CancellationToken cancellationToken)
    {
        _raft.Silent[new NodeId(3)] = TimeSpan.FromSeconds(5);

        var byId = await _changes.AnswerAsync(Vouch(3, "c:1"), cancellationToken);
        var byAddress = await _changes.AnswerAsync(Vouch(0, "c:1"), cancellationToken);

        foreach (var reply in new[] { byId, byAddress })
        {
            Assert.That(reply.Status, Is.EqualTo(MemberReply.Types.Status.Done));
            Assert.That(Membership.Decode(reply.Membership.Span).Members, Is.EqualTo(_raft.Membership.Members));
        }

        Assert.That(_raft.Asked, Is.Empty, "nothing is changed by it");
    }

    [Test]
    public async Task Nobody_vouches_without_a_majority(CancellationToken cancellationToken)
    {
        _raft.Silent[new NodeId(3)] = TimeSpan.FromSeconds(5);
        _raft.HasMajority = false;
        var cutOff = await _changes.AnswerAsync(Vouch(3, "c:1"), cancellationToken);
        _raft.HasMajority = true;
        _raft.Needed = new NodeId(3);
        var needed = await _changes.AnswerAsync(Vouch(3, "c:1"), cancellationToken);
        _raft.Needed = NodeId.None;
        _raft.Lead(NodeId.None);
        var following = await _changes.AnswerAsync(Vouch(3, "c:1"), cancellationToken);

        Assert.That(cutOff.Status, Is.EqualTo(MemberReply.Types.Status.NotLeader));
        Assert.That(needed.Status, Is.EqualTo(MemberReply.Types.Status.NotLeader), "others have to catch up first");
        Assert.That(following.Status, Is.EqualTo(MemberReply.Types.Status.NotLeader));
    }

    [TestCase(3UL, "x:1", 0, 5, "known at c:1")]
    [TestCase(9UL, "c:1", 0, 5, "is no member")]
    [TestCase(3UL, "c:1", 0, 0, "a moment ago")]
    [TestCase(1UL, "a:1", 0, 5, "a moment ago")]
    [TestCase(3UL, "c:1", 1, 5, "under epoch 1")]
    public async Task It_is_not_vouched_for_one_that_is_another_or_lives_or_is_of_another_epoch(
        ulong id, string host, int epoch, int silentSeconds, string why, CancellationToken cancellationToken)
    {
        _raft.Silent[new NodeId(3)] = TimeSpan.FromSeconds(silentSeconds);
        var request = Vouch(id, host);
        request.Epoch = epoch;

        var reply = await _changes.AnswerAsync(request, cancellationToken);

        Assert.That(reply.Status, Is.EqualTo(MemberReply.Types.Status.Refused));
        Assert.That(reply.Message, Does.Contain(why));
    }

    [Test]
    public async Task A_node_of_an_older_epoch_is_not_taken_in(CancellationToken cancellationToken)
    {
        _raft.Epoch = 2;

        var reply = await _changes.AnswerAsync(TakeIn(9, "d:1"), cancellationToken);

        Assert.That(reply.Message, Does.Contain("recovered under epoch 2").And.Contain("of epoch 0"));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_member_at_a_new_address_is_moved(CancellationToken cancellationToken)
    {
        _dialer.Identities.Add("x:1", new PeerIdentity(new NodeId(3), "x:1", []).Reply);

        await _changes.AnswerAsync(TakeIn(3, "x:1"), cancellationToken);

        Assert.That(_raft.Asked.Single(), Is.EqualTo("add 3 at x:1"));
    }

    [Test]
    public async Task A_member_that_does_not_answer_where_it_says_it_is_stays_where_it_was(
        CancellationToken cancellationToken)
    {
        _dialer.Identities.Add("y:1", new PeerIdentity(new NodeId(8), "y:1", []).Reply);

        var unreachable = await _changes.AnswerAsync(TakeIn(3, "x:1"), cancellationToken);
        var another = await _changes.AnswerAsync(TakeIn(3, "y:1"), cancellationToken);

        Assert.That(unreachable.Message, Does.StartWith("x:1 cannot be asked who it is"));
        Assert.That(another.Message, Is.EqualTo("y:1 is node 0000000000000008, not 0000000000000003"));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task Members_are_removed_and_lead_by_their_address(CancellationToken cancellationToken)
    {
        await _changes.ChangeAsync(MemberAction.TransferLeader, "b:1", cancellationToken);
        await _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        var unknown = await _changes.ChangeAsync(MemberAction.Remove, "z:1", cancellationToken);

        Assert.That(string.Join("; ", _raft.Asked), Is.EqualTo("transfer to 2; remove 3"));
        Assert.That(((MemberAnswer.Refused)unknown).Why, Does.Contain("z:1").And.Contain("a:1"));
    }

    [Test]
    public async Task Who_asks_again_for_a_removal_that_goes_on_is_answered_when_it_is_complete(
        CancellationToken cancellationToken)
    {
        var leaving = Of(3, "c:1", Suffrage.Leaving);
        _raft.Become(Of(1, "a:1"), Of(2, "b:1"), leaving);

        var again = _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        await _time.TimerOf(TimeSpan.FromMilliseconds(20)).WaitAsync(cancellationToken);
        var early = again.IsCompleted;
        _raft.Become(Of(1, "a:1"), Of(2, "b:1"));
        await _time.FireUntilAsync(again, TimeSpan.FromMilliseconds(20));

        Assert.That(early, Is.False);
        Assert.That(await again, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(_raft.Asked, Is.Empty);
    }

    [Test]
    public async Task A_removal_that_goes_on_and_does_not_end_is_in_doubt(CancellationToken cancellationToken)
    {
        _raft.Become(Of(1, "a:1"), Of(2, "b:1"), Of(3, "c:1", Suffrage.Leaving));

        var again = _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        await _time.FireUntilAsync(again, Options.RequestTimeout);

        Assert.That(await again, Is.EqualTo(new MemberAnswer.Unknown()));
    }

    [Test]
    public async Task A_node_that_was_removed_is_taken_in_only_by_its_operator(CancellationToken cancellationToken)
    {
        _dialer.Identities.Add("c:1", new PeerIdentity(new NodeId(3), "c:1", []).Reply);
        await _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);

        var asked = await _changes.AnswerAsync(TakeIn(3, "c:1"), cancellationToken);
        var members = _raft.Membership;
        var added = await _changes.ChangeAsync(MemberAction.Add, "c:1", cancellationToken);
        var again = await _changes.AnswerAsync(TakeIn(3, "c:1"), cancellationToken);

        Assert.That(asked.Status, Is.EqualTo(MemberReply.Types.Status.Refused));
        Assert.That(asked.Message, Does.Contain("addPeer"));
        Assert.That(members.Find(new NodeId(3)), Is.Null);
        Assert.That(added, Is.TypeOf<MemberAnswer.Done>());
        Assert.That(again.Status, Is.EqualTo(MemberReply.Types.Status.Done));
    }

    [Test]
    public async Task A_member_is_removed_once_its_shards_are_others(CancellationToken cancellationToken)
    {
        var (owners, members) = Owned(3);
        var changes = new MemberChanges(_raft, _dialer, Options, _time, owners, members);
        members.Changed += () =>
        {
            if (members.IsDeparting(new NodeId(3)))
                Assign(owners, 1);
        };

        var answer = await changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);

        Assert.That(answer, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(owners.Counts().Keys.Single().Node, Is.EqualTo(new NodeId(1)));
        Assert.That(members.IsDeparting(new NodeId(3)), Is.False, "the mark is taken off again");
    }

    [Test]
    public async Task A_member_that_cannot_give_its_shards_away_is_removed_all_the_same(
        CancellationToken cancellationToken)
    {
        var (owners, members) = Owned(3);
        var changes = new MemberChanges(_raft, _dialer, Options, _time, owners, members);
        var start = _time.GetUtcNow();

        var answer = changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        await _time.FireUntilAsync(answer, TimeSpan.FromMilliseconds(20));

        Assert.That(await answer, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(_time.GetUtcNow() - start, Is.EqualTo(Options.RequestTimeout / 2));
        Assert.That(_raft.Asked.Single(), Is.EqualTo("remove 3"));
    }

    [Test]
    public async Task Elsewhere_the_change_is_passed_on_to_the_leader_once(CancellationToken cancellationToken)
    {
        _raft.Lead(new NodeId(2));
        var passedOn = new List<(string Address, MemberRequest Request)>();
        _dialer.ChangeMembers = (address, request) =>
        {
            passedOn.Add((address, request));
            return Task.FromResult(MemberReplies.Done);
        };

        await _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        var backAndForth = await _changes.AnswerAsync(passedOn[0].Request, cancellationToken);

        Assert.That((passedOn[0].Address, passedOn[0].Request.Forwarded), Is.EqualTo(("b:1", true)));
        Assert.That(backAndForth.Status, Is.EqualTo(MemberReply.Types.Status.NotLeader), "not passed on again");
        Assert.That(passedOn, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_leader_that_cannot_yet_is_asked_until_the_time_is_over(CancellationToken cancellationToken)
    {
        var refusals = 3;
        _raft.Refuses = () => refusals-- > 0
            ? new ChangeOutcome.Refused(ChangeRefusal.InProgress, _raft.Self)
            : null;
        var soon = _changes.ChangeAsync(MemberAction.Remove, "c:1", cancellationToken);
        await _time.FireUntilAsync(soon, TimeSpan.FromMilliseconds(50));

        _raft.Lead(NodeId.None);
        var never = _changes.ChangeAsync(MemberAction.Remove, "b:1", cancellationToken);
        await _time.FireUntilAsync(never, TimeSpan.FromMilliseconds(500));

        Assert.That(await soon, Is.EqualTo(new MemberAnswer.Done()));
        Assert.That(await never, Is.EqualTo(new MemberAnswer.NoLeader()));
    }

    [Test]
    public async Task Learners_that_have_caught_up_are_given_their_votes_by_the_leader(
        CancellationToken cancellationToken)
    {
        _raft.Become(Of(1, "a:1"), Of(4, "d:1", Suffrage.Learner), Of(5, "e:1", Suffrage.Learner));
        var promotion = new LearnerPromotion(_raft, _time, Traces.None);
        _raft.CaughtUp.Add(new NodeId(5));

        _raft.Lead(new NodeId(2));
        await promotion.StepAsync(cancellationToken);
        Assert.That(_raft.Asked, Is.Empty, "only the leader does");
        _raft.Lead(new NodeId(1));
        await promotion.StepAsync(cancellationToken);

        Assert.That(_raft.Asked.Single(), Is.EqualTo("promote 5"));
    }

    [Test]
    public async Task A_node_that_joins_asks_until_it_is_in_and_then_no_more(CancellationToken cancellationToken)
    {
        var raft = new InMemoryMembers(new NodeId(9), _raft.Membership) { Leader = NodeId.None };
        var asked = new List<string>();
        var takenIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _dialer.ChangeMembers = (address, request) =>
        {
            asked.Add($"{address} {request.NodeId} {request.Host}");
            if (asked.Count < 4)
                throw new PeerCallException("down", refused: false);

            raft.Become([.. _raft.Membership.Members, Of(9, "a:1", Suffrage.Learner)]);
            takenIn.SetResult();
            return Task.FromResult(MemberReplies.Done);
        };
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = AdmissionOf(raft).RunAsync(wasMember: false, static () => true, stopping.Token);
        await _time.FireUntilAsync(takenIn.Task, Options.MostBackoff);
        await stopping.CancelAsync();
        await running;

        Assert.That(string.Join("; ", asked), Is.EqualTo("b:1 9 a:1; c:1 9 a:1; j:1 9 a:1; b:1 9 a:1"));
    }

    [Test]
    public async Task That_a_node_was_taken_in_is_noted_and_tried_again_where_it_cannot_be(
        CancellationToken cancellationToken)
    {
        var raft = new InMemoryMembers(new NodeId(1), _raft.Membership);
        var isNoted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tries = 0;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = AdmissionOf(raft).RunAsync(wasMember: false, Note, stopping.Token);
        await _time.FireUntilAsync(isNoted.Task, Options.MostBackoff);
        await stopping.CancelAsync();
        await running;

        Assert.That(tries, Is.EqualTo(3));

        bool Note()
        {
            if (++tries < 3)
                return false;

            isNoted.SetResult();
            return true;
        }
    }

    [Test]
    public async Task A_node_that_was_removed_does_not_ask(CancellationToken cancellationToken)
    {
        var raft = new InMemoryMembers(new NodeId(9), _raft.Membership) { Leader = NodeId.None };
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = AdmissionOf(raft).RunAsync(wasMember: true, static () => false, stopping.Token);

        await stopping.CancelAsync();

        Assert.That(async () => await running, Throws.Nothing);
    }

    private (InMemoryOwners Owners, MemberDirectory Members) Owned(ulong node)
    {
        var owners = new InMemoryOwners();
        Assign(owners, node);
        return (owners, new MemberDirectory(Options.OwnerTimeout, _time));
    }

    private static void Assign(InMemoryOwners owners, ulong node)
    {
        var all = new Assignment { Session = new Session { NodeId = node, Incarnation = 1 } };
        all.Shards.AddRange(Enumerable.Range(0, ShardId.Count));
        var assign = new AssignShards { ExpectedEpoch = owners.Ownership.Epoch, Assignments = { all } };
        owners.Apply(new TaskCommand { Assign = assign }.ToByteArray());
    }

    private static Member Of(ulong id, string address, Suffrage suffrage = Suffrage.Voter) =>
        new(new NodeId(id), address, suffrage);

    private static MemberRequest Vouch(ulong id, string host)
    {
        var request = TakeIn(id, host);
        request.Action = MemberRequest.Types.Action.Vouch;
        return request;
    }

    private static MemberRequest TakeIn(ulong id, string host) => new()
    {
        Action = MemberRequest.Types.Action.TakeIn,
        Host = host,
        NodeId = id,
        ClusterId = ByteString.CopyFrom(ClusterId.ToByteArray()),
    };

    private Admission AdmissionOf(InMemoryMembers raft) =>
        new(raft, _dialer, Options, ["j:1"], _time, new Random(1), Traces.None);
}
