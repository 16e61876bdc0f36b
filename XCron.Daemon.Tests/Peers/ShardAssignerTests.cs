using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>Node 1 of three, step by step, in time that the test owns.</summary>
internal sealed class ShardAssignerTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly PeerOptions _options = new() { Address = InMemoryRaft.AddressOf(1) };
    private readonly Dictionary<ulong, long> _streams = [];
    private ManualTime _time = null!;
    private InMemoryOwners _owners = null!;
    private InMemoryRaft _raft = null!;
    private MemberDirectory _members = null!;
    private SelfStatus _self = null!;
    private ShardAssigner _assigner = null!;

    [SetUp]
    public void SetUp()
    {
        _time = new ManualTime();
        _owners = new InMemoryOwners();
        Start(incarnation: 1, 1, 2, 3);
    }

    [Test]
    public async Task A_node_alone_owns_everything_at_its_first_step()
    {
        Start(incarnation: 1, 1);
        _raft.Lead(1);

        await StepAsync();

        Assert.That(_owners.Counts(), Is.EqualTo(new Dictionary<OwnerSession, int> { [Session(1)] = ShardId.Count }));
        Assert.That(_raft.Proposals, Is.EqualTo(1));
    }

    [Test]
    public async Task A_follower_proposes_nothing_and_sleeps()
    {
        _raft.Lead(2);

        var wait = await StepAsync();

        Assert.That(_raft.Proposals, Is.Zero);
        Assert.That(wait, Is.EqualTo(Timeout.InfiniteTimeSpan));
    }

    [Test]
    public async Task A_new_leader_assigns_only_after_a_read_barrier_and_once_a_term()
    {
        Hear(2);
        Hear(3);
        _raft.ReadBarrier = static _ => new(false);
        _raft.Lead(1);

        var retry = await StepAsync();
        var before = _raft.Proposals;
        _raft.ReadBarrier = static _ => new(true);
        await StepAsync();
        await StepAsync();

        Assert.That(before, Is.Zero);
        Assert.That(retry, Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(10)));
        Assert.That((_raft.Proposals, _raft.ReadBarriers), Is.EqualTo((1, 2)));
        Assert.That(_owners.Counts().Values, Is.All.InRange(85, 86));
    }

    [Test]
    public async Task A_node_that_joins_gets_its_share_and_the_others_keep_the_rest()
    {
        await SettleAsync(1, 2);
        var moves = _owners.Moves;

        Hear(3);
        await StepAsync();

        Assert.That(_owners.Counts()[Session(3)], Is.InRange(85, 86));
        Assert.That(_owners.Moves - moves, Is.EqualTo(_owners.Counts()[Session(3)]));
    }

    [Test]
    public async Task A_silent_node_loses_its_shards_after_the_owner_timeout_and_not_before()
    {
        await SettleAsync(1, 2, 3);

        var before = 0;
        for (var quiet = TimeSpan.Zero; quiet <= _options.OwnerTimeout; quiet += Tick)
        {
            before = _owners.Counts().GetValueOrDefault(Session(3));
            _time.Advance(Tick);
            Hear(2);
            await StepAsync();
        }

        Assert.That(before, Is.InRange(85, 86));
        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1), Session(2) }));
        Assert.That(_owners.Counts().Values, Is.All.EqualTo(128));
    }

    [Test]
    public async Task A_node_whose_reports_stay_out_keeps_its_shards_while_it_claims_and_for_as_long_as_it_may_send()
    {
        await SettleAsync(1, 2, 3);

        await RunForAsync(_options.OwnerTimeout * 3, () =>
        {
            Hear(2);
            _members.Claimed(Session(3));
        });
        var claiming = _owners.Counts().GetValueOrDefault(Session(3));
        await RunForAsync(_options.OwnerTimeout, () => Hear(2));
        var fenced = _owners.Counts().GetValueOrDefault(Session(3));
        await RunForAsync(Tick, () => Hear(2));

        Assert.That((claiming, fenced), Is.EqualTo((85, 85)).Or.EqualTo((86, 86)));
        Assert.That(_owners.Counts().Keys, Has.No.Member(Session(3)), "not for ever");
    }

    [Test]
    public async Task A_claim_of_a_former_process_keeps_nothing()
    {
        await SettleAsync(1, 2, 3);

        await RunForAsync(_options.OwnerTimeout + Tick, () =>
        {
            Hear(2);
            _members.Claimed(Session(3, incarnation: 8));
        });

        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1), Session(2) }));
    }

    [TestCase(1ul)]
    [TestCase(3ul)]
    public async Task A_node_that_is_to_be_removed_gives_its_shards_away_and_may_have_them_back(ulong leaving)
    {
        await SettleAsync(1, 2, 3);

        _members.Depart(new NodeId(leaving));
        await StepAsync();
        var during = _owners.Counts();
        Hear(3);
        await StepAsync();
        var idle = _owners.Ownership;
        _members.EndDeparture(new NodeId(leaving));
        await StepAsync();

        Assert.That(during.Keys, Has.No.Member(Session(leaving)));
        Assert.That(idle.IsAlive(Session(leaving)), Is.False);
        Assert.That(_owners.Counts()[Session(leaving)], Is.InRange(85, 86));
        Assert.That(_owners.Ownership.Ending, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_node_that_is_to_go_stays_alive_until_it_has_applied_that_and_nothing_of_its_is_left(
        bool draining)
    {
        await SettleAsync(1, 2, 3);
        var before = _owners.Ownership.Epoch;
        if (!draining)
            _members.Depart(new NodeId(3));
        Hear(3, draining: draining);

        await StepAsync();
        var moved = (_owners.Counts().ContainsKey(Session(3)), _owners.Ownership.IsAlive(Session(3)));
        Hear(3, draining: draining, epoch: before);
        await StepAsync();
        var idleAsOfBefore = _owners.Ownership.IsAlive(Session(3));
        Hear(3, draining: draining, busy: true);
        await StepAsync();
        var busy = _owners.Ownership.IsAlive(Session(3));
        var epoch = _owners.Ownership.Epoch;
        Hear(3, draining: draining);
        await StepAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(moved, Is.EqualTo((false, true)), "all its shards are others' at once");
            Assert.That((idleAsOfBefore, busy), Is.EqualTo((true, true)));
            Assert.That(epoch, Is.EqualTo(before + 1), "nothing was written meanwhile");
            Assert.That(_owners.Ownership.IsAlive(Session(3)), Is.False);
        }
    }

    [Test]
    public async Task One_that_is_ending_and_dies_or_starts_again_or_is_no_member_any_more_is_listed_no_longer(
        [Values("dies", "restarts", "is removed")] string what)
    {
        await SettleAsync(1, 2, 3);
        Hear(3, draining: true, busy: true);
        await StepAsync();
        var ending = _owners.Ownership.Ending.ToArray();

        if (what == "restarts")
            Hear(3, incarnation: 2);
        else if (what == "is removed")
            _raft.ChangeMembers(1, 2);
        else
            await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2));
        await StepAsync();

        Assert.That(ending, Is.EqualTo(new[] { Session(3) }));
        Assert.That(_owners.Ownership.Ending, Is.Empty);
    }

    [Test]
    public async Task One_that_is_ending_and_silent_is_alive_as_long_as_the_log_shows_it()
    {
        await SettleAsync(1, 2, 3);
        Hear(3, draining: true, busy: true);
        await StepAsync();

        await RunForAsync(_options.OwnerTimeout * 3, () =>
        {
            Hear(2);
            _members.Claimed(Session(3));
        });
        var shown = _owners.Ownership.IsAlive(Session(3));
        await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2));

        Assert.That((shown, _owners.Ownership.IsAlive(Session(3))), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_new_leadership_waits_for_what_is_ending_by_the_table_that_it_found()
    {
        await SettleAsync(1, 2, 3);
        Hear(3, draining: true, busy: true);
        await StepAsync();
        var early = _owners.Ownership.Epoch - 1;

        _raft.Lead(2);
        await StepAsync();
        _raft.Lead(1);
        Hear(3, draining: true, epoch: early);
        await StepAsync();
        var before = _owners.Ownership.IsAlive(Session(3));
        Hear(3, draining: true);
        await StepAsync();

        Assert.That((before, _owners.Ownership.IsAlive(Session(3))), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_restarted_process_takes_over_at_once_and_nothing_moves()
    {
        await SettleAsync(1, 2, 3);
        var moves = _owners.Moves;
        var share = _owners.Counts()[Session(2)];

        Hear(2, incarnation: 9);
        await StepAsync();

        Assert.That(_owners.Moves, Is.EqualTo(moves));
        Assert.That(_owners.Counts()[Session(2, 9)], Is.EqualTo(share));
        Assert.That(_owners.Counts().Keys, Has.No.Member(Session(2)));
    }

    [Test]
    public async Task A_draining_node_that_dies_keeps_nothing()
    {
        await SettleAsync(1, 2, 3);

        Hear(3, draining: true, busy: true);
        await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2));

        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1), Session(2) }));
    }

    [Test]
    public async Task A_draining_leader_gives_its_own_to_the_others()
    {
        await SettleAsync(1, 2, 3);

        _self.Draining = true;
        await StepAsync();

        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(2), Session(3) }));
    }

    [Test]
    public async Task The_last_node_keeps_its_shards_even_if_it_drains()
    {
        Start(incarnation: 1, 1);
        _raft.Lead(1);
        await StepAsync();

        _self.Draining = true;
        await StepAsync();

        Assert.That(_owners.Counts()[Session(1)], Is.EqualTo(ShardId.Count));
    }

    [Test]
    public async Task A_new_leader_moves_nothing_of_those_it_has_not_heard_yet_and_takes_the_silent_ones_later()
    {
        await SettleAsync(1, 2, 3);
        var moves = _owners.Moves;

        // Every process starts again; this one leads before it has heard the others.
        Start(incarnation: 5, 1, 2, 3);
        _raft.Lead(1);
        await StepAsync();
        var movesAtOnce = _owners.Moves - moves;
        Hear(2, incarnation: 5);
        await StepAsync();
        var movesWithOne = _owners.Moves - moves;
        await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2, incarnation: 5));

        Assert.That((movesAtOnce, movesWithOne), Is.EqualTo((0, 0)));
        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1, 5), Session(2, 5) }));
    }

    [Test]
    public async Task A_leader_that_stood_still_takes_nobody_for_silent()
    {
        await SettleAsync(1, 2, 3);
        var epoch = _owners.Ownership.Epoch;

        _time.Advance(TimeSpan.FromSeconds(10));
        await StepAsync();
        var afterPause = _owners.Ownership.Epoch;
        await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2));

        Assert.That(afterPause, Is.EqualTo(epoch));
        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1), Session(2) }));
    }

    [Test]
    public async Task A_leader_that_stood_still_gives_nothing_to_one_that_had_lost_its_shards_by_its_silence()
    {
        await SettleAsync(1, 2, 3);
        await RunForAsync(_options.OwnerTimeout + Tick, () => Hear(2));
        var moves = _owners.Moves;

        _time.Advance(TimeSpan.FromSeconds(10));
        await RunForAsync(_options.OwnerTimeout * 2, () => Hear(2));
        var silent = _owners.Moves - moves;
        Hear(3);
        await StepAsync();

        Assert.That(silent, Is.Zero);
        Assert.That(_owners.Counts()[Session(3)], Is.InRange(85, 86));
    }

    [Test]
    public async Task A_member_that_is_removed_loses_its_shards_at_once()
    {
        await SettleAsync(1, 2, 3);

        _raft.ChangeMembers(1, 2);
        await StepAsync();

        Assert.That(_owners.Counts().Keys, Is.EquivalentTo(new[] { Session(1), Session(2) }));
    }

    [Test]
    public async Task A_table_that_changed_meanwhile_is_looked_at_again()
    {
        Hear(2);
        Hear(3);
        _raft.Lead(1);
        var honest = _raft.Propose;
        _raft.Propose = (_, _) => new(new ProposeOutcome.Applied(
            new LogIndex(1), new Term(1), new ApplyResult(InMemoryOwners.Stale)));

        var wait = await StepAsync();
        _raft.Propose = honest;
        await StepAsync();

        Assert.That(wait, Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(10)));
        Assert.That(_owners.Counts(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task An_answer_that_stays_out_is_waited_for_no_longer_than_a_request()
    {
        Start(incarnation: 1, 1);
        _raft.Propose = static async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return new ProposeOutcome.Unknown();
        };
        _raft.Lead(1);

        var step = StepAsync();
        _time.Advance(_options.RequestTimeout);

        Assert.That(await step, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    [Test, CancelAfter(10_000)]
    public async Task It_acts_on_leadership_and_on_news_without_time_passing(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var proposed = new Pulse();
        var apply = _raft.Propose;
        _raft.Propose = (command, token) =>
        {
            var outcome = apply(command, token);
            proposed.Set();
            return outcome;
        };
        var running = _assigner.RunAsync(new Pulse(), stopping.Token);

        var first = proposed.Next;
        _raft.Lead(1);
        await first.WaitAsync(cancellationToken);
        var second = proposed.Next;
        Hear(2);
        await second.WaitAsync(cancellationToken);
        await stopping.CancelAsync();
        await running;

        Assert.That(_owners.Counts().Values, Is.All.EqualTo(128));
    }

    private static OwnerSession Session(ulong node, ulong incarnation = 1) => new(new NodeId(node), incarnation);

    /// <summary>A new process of node 1, on the table as it is.</summary>
    private void Start(ulong incarnation, params ulong[] ids)
    {
        _raft = new InMemoryRaft(ids) { Propose = (command, _) => new(_owners.Apply(command)) };
        _members = new MemberDirectory(_options.OwnerTimeout, _time);
        _streams.Clear();
        _self = new SelfStatus
        {
            Session = Session(1, incarnation),
            Version = "1",
            Address = InMemoryRaft.AddressOf(1),
            HttpAddress = "",
            AppliedIndex = static () => 0,
            Machine = static () => new MachineFigures(),
            IdleEpoch = () => _owners.Ownership.Epoch,
        };
        _assigner = new ShardAssigner(_raft, _owners, _members, _self, _options, _time, new Random(1), Traces.None);
    }

    private void Hear(
        ulong id, ulong incarnation = 1, bool draining = false, bool busy = false, long? applied = null,
        long? epoch = null)
    {
        if (!_streams.TryGetValue(id, out var stream))
            _streams.Add(id, stream = _members.OpenStream());
        _members.Heard(
            new NodeReport
            {
                NodeId = id,
                Incarnation = incarnation,
                Draining = draining,
                Busy = busy,
                IdleEpoch = busy ? 0 : epoch ?? _owners.Ownership.Epoch,
                AppliedIndex = applied ?? _raft.Applied.Value,
            },
            stream);
    }

    private Task<TimeSpan> StepAsync() => _assigner.StepAsync(CancellationToken.None);

    /// <summary>This node leads, and these are up and have their shares.</summary>
    private async Task SettleAsync(params ulong[] ids)
    {
        foreach (var id in ids.Where(id => id != 1))
            Hear(id);
        _raft.Lead(1);
        await StepAsync();
        Assert.That(_owners.Counts(), Has.Count.EqualTo(ids.Length));
    }

    private async Task RunForAsync(TimeSpan time, Action eachTick)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Tick)
        {
            _time.Advance(Tick);
            eachTick();
            await StepAsync();
        }
    }
}
