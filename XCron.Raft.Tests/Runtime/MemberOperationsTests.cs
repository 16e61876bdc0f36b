using XCron.Raft.Grpc;

namespace XCron.Raft.Tests.Runtime;

/// <summary>The members of a real node of one, through its public API.</summary>
internal sealed class MemberOperationsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly Member Learner = new(new NodeId(77), "127.0.0.1:9");

    private DirectoryInfo _path = null!;
    private RaftDirectory _directory = null!;
    private RaftNode _node = null!;

    [SetUp]
    public async Task SetUp()
    {
        _path = Directory.CreateTempSubdirectory("xcron-members-");
        _directory = RaftDirectory.Open(_path.FullName);
        _directory.Form(new Membership(Guid.NewGuid(), [new Member(_directory.NodeId, "127.0.0.1:1")]));
        await StartAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _node.DisposeAsync();
        _directory.Dispose();
        _path.Delete(recursive: true);
    }

    [Test]
    public async Task A_learner_is_added_and_the_status_and_the_stream_of_memberships_show_it()
    {
        var memberships = _node.WatchMembershipAsync().GetAsyncEnumerator();
        await memberships.MoveNextAsync();

        var outcome = await _node.AddLearnerAsync(Learner).WaitAsync(Limit);
        await memberships.MoveNextAsync().AsTask().WaitAsync(Limit);

        var changed = (ChangeOutcome.Changed)outcome;
        Assert.That(changed.Membership.Find(Learner.Id)!.Suffrage, Is.EqualTo(Suffrage.Learner));
        Assert.That(_node.Status.MembershipIndex, Is.EqualTo(changed.Index));
        Assert.That(memberships.Current, Is.SameAs(_node.Status.Membership));
        await memberships.DisposeAsync();
    }

    // S49: "snapshot carries config at its index; restart from snapshot only; snapshot index == config entry index".
    [Test]
    public async Task A_node_that_starts_from_nothing_but_a_snapshot_has_its_members()
    {
        var changed = (ChangeOutcome.Changed)await _node.AddLearnerAsync(Learner).WaitAsync(Limit);
        var taken = await _node.SnapshotAsync().WaitAsync(Limit);
        Assert.That(taken, Is.EqualTo(changed.Index), "the configuration is the last that the snapshot stands for");

        await RestartAsync();

        Assert.That(_node.Status.MembershipIndex, Is.EqualTo(changed.Index));
        Assert.That(_node.Status.Membership.Find(Learner.Id), Is.EqualTo(changed.Membership.Find(Learner.Id)));
        Assert.That(await _node.RemoveAsync(Learner.Id, changed.Index), Is.TypeOf<ChangeOutcome.Changed>());
    }

    [Test]
    public async Task What_cannot_be_is_refused_by_type()
    {
        var alone = await _node.RemoveAsync(_node.Id);
        var stranger = await _node.PromoteAsync(Learner.Id);
        var added = (ChangeOutcome.Changed)await _node.AddLearnerAsync(Learner);
        var silent = await _node.PromoteAsync(Learner.Id);
        var replacement = await _node.ReplaceAsync(_node.Id, Learner with { Suffrage = Suffrage.Voter });
        var again = await _node.AddLearnerAsync(Learner);
        var outdated = await _node.RemoveAsync(Learner.Id, added.Index.Previous);

        ChangeOutcome[] outcomes = [alone, stranger, silent, replacement, again, outdated];
        Assert.That(
            string.Join(' ', outcomes.Select(outcome => ((ChangeOutcome.Refused)outcome).Reason)),
            Is.EqualTo("NoVoters UnknownMember NotCaughtUp NotCaughtUp Unchanged WrongConfiguration"));
        Assert.That(await _node.RemoveAsync(Learner.Id, added.Index), Is.TypeOf<ChangeOutcome.Changed>());
    }

    [Test]
    public async Task Leadership_is_not_handed_to_nobody()
    {
        await _node.AddLearnerAsync(Learner);

        var nobody = await _node.TransferLeadershipAsync();
        var learner = await _node.TransferLeadershipAsync(Learner.Id);

        Assert.That(nobody, Is.EqualTo(new TransferOutcome.Refused(TransferRefusal.NoTarget, _node.Id)));
        Assert.That(learner, Is.EqualTo(new TransferOutcome.Refused(TransferRefusal.NotVoter, _node.Id)));
    }

    [Test]
    public void A_target_that_makes_no_sense_is_the_callers_mistake()
    {
        var members = _node.Status.Membership.Members;
        var foreign = new Membership(Guid.NewGuid(), members);
        var joint = new Membership(_node.Status.Membership.ClusterId, members, [_node.Id]);
        var leaving = new Membership(
            _node.Status.Membership.ClusterId, [.. members, Learner with { Suffrage = Suffrage.Leaving }]);

        foreach (var target in new[] { foreign, joint, leaving })
            Assert.That(() => _node.ChangeMembersAsync(target, new LogIndex(1)), Throws.ArgumentException);
    }

    [Test]
    public async Task A_stopped_node_changes_nothing()
    {
        await _node.DisposeAsync();

        var change = await _node.AddLearnerAsync(Learner);
        var transfer = await _node.TransferLeadershipAsync();

        Assert.That(((ChangeOutcome.Refused)change).Reason, Is.EqualTo(ChangeRefusal.Stopping));
        Assert.That(((TransferOutcome.Refused)transfer).Reason, Is.EqualTo(TransferRefusal.Stopping));
    }

    [Test]
    public void A_directory_joins_once_and_remembers_that_it_did()
    {
        var path = _path.CreateSubdirectory("joiner").FullName;
        var cluster = _node.Status.Membership;
        using (var directory = RaftDirectory.Open(path))
        {
            Assert.That(() => directory.Form(cluster), Throws.ArgumentException, "it is no voter in it");
            directory.Join(cluster);
            Assert.That(directory.HasJoined);
            Assert.That(() => directory.Join(cluster), Throws.InvalidOperationException);
        }

        using var again = RaftDirectory.Open(path);
        Assert.That(again.HasJoined);
        Assert.That(again.InitialMembership!.ClusterId, Is.EqualTo(cluster.ClusterId));
        Assert.That(_directory.HasJoined, Is.False);
    }

    [Test]
    public async Task A_node_that_joins_starts_empty_waits_and_starts_again()
    {
        var path = _path.CreateSubdirectory("waiting").FullName;
        for (var life = 0; life < 2; life++)
        {
            using var directory = RaftDirectory.Open(path);
            if (directory.InitialMembership is null)
                directory.Join(_node.Status.Membership);
            var transport = new GrpcRaftTransport(new GrpcTransportOptions());
            await using var joiner =
                await RaftNode.StartAsync(directory, new RaftOptions { Seed = 2 }, new NoMachine(), transport);

            Assert.That(joiner.Status.LastIndex, Is.EqualTo(LogIndex.Zero));
            Assert.That(joiner.Status.MembershipIndex, Is.EqualTo(LogIndex.Zero));
            Assert.That(await joiner.ProposeAsync(new byte[1]), Is.TypeOf<ProposeOutcome.Rejected>());
        }
    }

    private async Task StartAsync()
    {
        _node = await RaftNode.StartAsync(
            _directory,
            new RaftOptions { Seed = 1 },
            new NoMachine(),
            new GrpcRaftTransport(new GrpcTransportOptions()));
        Assert.That(await LeadsAsync().WaitAsync(Limit));
    }

    private async Task RestartAsync()
    {
        await _node.DisposeAsync();
        _directory.Dispose();
        _directory = RaftDirectory.Open(_path.FullName);
        await StartAsync();
    }

    private async Task<bool> LeadsAsync()
    {
        await foreach (var change in _node.WatchLeadershipAsync())
        {
            if (change.Role == RaftRole.Leader)
                break;
        }

        return await _node.ReadBarrierAsync();
    }

    private sealed class NoMachine : IStateMachine, ISnapshotView
    {
        public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
        {
        }

        public ISnapshotView Capture() => this;

        public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public void Dispose()
        {
        }
    }
}
