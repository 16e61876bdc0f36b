using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>Node 1 of three leads, the log goes on, and node 3 is behind in applying it, step by step.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ShardAssignerLagTests
{
    private const long EntriesInTick = 10;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly PeerOptions _options = new() { Address = InMemoryRaft.AddressOf(1) };
    private readonly InMemoryOwners _owners = new();
    private readonly InMemoryRaft _raft = new(1, 2, 3);
    private readonly ManualTime _time = new();
    private readonly MemberDirectory _members;
    private readonly ShardAssigner _assigner;
    private readonly long _stream;
    private long _ofThird;
    private ulong _incarnation = 1;
    private bool _isBusy;

    public ShardAssignerLagTests()
    {
        _raft.Propose = (command, _) => new(_owners.Apply(command));
        _members = new MemberDirectory(_options.OwnerTimeout, _time);
        _stream = _members.OpenStream();
        var self = new SelfStatus
        {
            Session = Session(1),
            Version = "1",
            Address = InMemoryRaft.AddressOf(1),
            HttpAddress = "",
            AppliedIndex = () => _raft.Applied.Value,
            Machine = static () => new MachineFigures(),
        };
        _assigner = new ShardAssigner(_raft, _owners, _members, self, _options, _time, new Random(1), Traces.None);
    }

    private TimeSpan Patience => _options.OwnerTimeout;

    private int SharesOfThird => _owners.Counts().GetValueOrDefault(Session(3, _incarnation));

    private bool IsThirdAlive => _owners.Ownership.IsAlive(Session(3, _incarnation));

    [SetUp]
    public async Task SetUp()
    {
        _raft.Lead(1);
        await GoOnAsync(Patience * 2, isLevel: true);
        Assert.That(_owners.Counts().Values, Is.All.InRange(85, 86));
    }

    [Test]
    public async Task A_member_that_lags_gives_its_shards_away_and_gets_its_share_back_once_it_has_caught_up()
    {
        await GoOnAsync(Patience * 2 - Tick, isLevel: false);
        var patient = SharesOfThird;
        await GoOnAsync(Tick * 3, isLevel: false);
        var lagging = SharesOfThird;
        var others = _owners.Counts();
        await GoOnAsync(Patience - Tick, isLevel: true);
        var caughtUp = SharesOfThird;
        await GoOnAsync(Tick * 2, isLevel: true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(patient, Is.InRange(85, 86));
            Assert.That(lagging, Is.Zero);
            Assert.That(others.Values, Is.All.EqualTo(128));
            Assert.That(caughtUp, Is.Zero, "it must stay so for a while");
            Assert.That(SharesOfThird, Is.InRange(85, 86));
        }
    }

    [Test]
    public async Task No_more_moves_than_must_be()
    {
        var moves = _owners.Moves;
        var share = SharesOfThird;

        await GoOnAsync(Patience * 6, isLevel: false);
        await GoOnAsync(Patience * 6, isLevel: true);

        Assert.That(_owners.Moves - moves, Is.EqualTo(share + SharesOfThird), "away once, and back once");
    }

    [Test]
    public async Task Who_is_now_behind_and_now_level_keeps_what_it_has()
    {
        var moves = _owners.Moves;

        for (var i = 0; i < 10; i++)
        {
            await GoOnAsync(Patience + Patience / 2, isLevel: false);
            await GoOnAsync(Tick * 2, isLevel: true);
        }

        Assert.That(_owners.Moves, Is.EqualTo(moves));
    }

    [Test]
    public async Task However_much_is_written_a_member_that_follows_within_the_patience_is_level()
    {
        var moves = _owners.Moves;

        for (var i = 0; i < 40; i++)
        {
            _ofThird = _raft.Applied.Value;
            await StepAsync(entries: 100_000);
        }

        Assert.That(_owners.Moves, Is.EqualTo(moves));
    }

    [Test]
    public async Task In_a_cluster_where_nothing_is_written_one_that_lacks_entries_lags_too()
    {
        _raft.Applied = new LogIndex(_raft.Applied.Value + 1);

        for (var passed = TimeSpan.Zero; passed < Patience * 2 + Tick; passed += Tick)
            await StepAsync(entries: 0);

        Assert.That(SharesOfThird, Is.Zero);
    }

    [Test]
    public async Task One_that_may_be_sending_stays_alive_until_it_is_quiet()
    {
        _isBusy = true;
        await GoOnAsync(Patience * 4, isLevel: false);
        var busy = (SharesOfThird, IsThirdAlive);
        _isBusy = false;
        await GoOnAsync(Patience / 2 - Tick, isLevel: false);
        var justEnded = IsThirdAlive;
        await GoOnAsync(Tick * 3, isLevel: false);

        Assert.That(busy, Is.EqualTo((0, true)));
        Assert.That((justEnded, IsThirdAlive), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task One_that_the_log_shows_alive_is_for_as_long_as_that_lets_it_send()
    {
        for (var passed = TimeSpan.Zero; passed < Patience * 4; passed += Tick)
        {
            _members.Claimed(Session(3));
            await StepAsync(EntriesInTick);
        }

        var claiming = (SharesOfThird, IsThirdAlive);
        await GoOnAsync(Patience, isLevel: false);
        var fenced = IsThirdAlive;
        await GoOnAsync(Patience, isLevel: false);

        Assert.That(claiming, Is.EqualTo((0, true)));
        Assert.That((fenced, IsThirdAlive), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_process_that_starts_again_has_the_patience_to_catch_up_and_then_moves_nothing()
    {
        var moves = _owners.Moves;
        (_incarnation, _ofThird) = (2, 0);

        await GoOnAsync(Patience - Tick, isLevel: false);
        await GoOnAsync(Patience * 2, isLevel: true);

        Assert.That(_owners.Moves, Is.EqualTo(moves));
    }

    [Test]
    public async Task One_that_comes_back_without_shards_gets_none_before_it_is_level_and_then_at_once()
    {
        for (var passed = TimeSpan.Zero; passed < Patience + Tick * 2; passed += Tick)
            await StepAsync(EntriesInTick, hearsThird: false);
        var silent = SharesOfThird;
        _incarnation = 2;
        await GoOnAsync(Patience * 2, isLevel: false);
        var behind = SharesOfThird;
        await GoOnAsync(Tick, isLevel: true);

        Assert.That((silent, behind), Is.EqualTo((0, 0)));
        Assert.That(SharesOfThird, Is.InRange(85, 86));
    }

    [Test]
    public async Task A_new_leadership_gives_nothing_to_one_that_lags_without_shards()
    {
        await GoOnAsync(Patience * 3, isLevel: false);

        _raft.Lead(2);
        await StepAsync(EntriesInTick);
        _raft.Lead(1);
        await GoOnAsync(Patience * 3, isLevel: false);

        Assert.That(SharesOfThird, Is.Zero);
    }

    [Test]
    public async Task A_leader_that_stood_still_takes_nothing_from_those_it_then_hears()
    {
        var moves = _owners.Moves;

        _time.Advance(TimeSpan.FromSeconds(30));
        await _assigner.StepAsync(CancellationToken.None);
        await GoOnAsync(Patience * 2, isLevel: true);

        Assert.That(_owners.Moves, Is.EqualTo(moves));
    }

    private static OwnerSession Session(ulong node, ulong incarnation = 1) => new(new NodeId(node), incarnation);

    private async Task GoOnAsync(TimeSpan time, bool isLevel)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Tick)
        {
            if (isLevel)
                _ofThird = _raft.Applied.Value;
            await StepAsync(EntriesInTick);
        }
    }

    /// <summary>A tick of time: entries are applied here, both others are heard, and the assigner looks.</summary>
    private async Task StepAsync(long entries, bool hearsThird = true)
    {
        _time.Advance(Tick);
        var reported = _raft.Applied.Value;
        _raft.Applied = new LogIndex(reported + entries);
        _members.Heard(new NodeReport { NodeId = 2, Incarnation = 1, AppliedIndex = reported }, _stream);
        if (hearsThird)
        {
            _members.Heard(
                new NodeReport
                {
                    NodeId = 3, Incarnation = _incarnation, AppliedIndex = _ofThird, Busy = _isBusy,
                },
                _stream);
        }

        await _assigner.StepAsync(CancellationToken.None);
    }
}
