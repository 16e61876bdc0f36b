using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

internal sealed class OwnershipFenceTests
{
    private const long StartMs = 1_700_000_000_000;
    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private static readonly OwnerSession Other = new(new NodeId(2), 22);

    private ManualClock _clock = null!;
    private MemoryLog _log = null!;
    private MemoryGateway _gateway = null!;
    private OwnershipFence _fence = null!;
    private AttemptTicket _ticket;

    // Null: this node follows the log.
    private LogIndex? _applied;

    [SetUp]
    public void SetUp()
    {
        _applied = null;
        _clock = new ManualClock(StartMs);
        _log = new MemoryLog();
        _gateway = new MemoryGateway(_log);
        var echo = new LogEcho(() => _applied ?? _log.Applied, _clock);
        _fence = new OwnershipFence(_log.Tasks, _gateway, echo, Self, new FiringOptions(), _clock);
        _log.AssignAll(Self);
        var id = _log.Create(7, StartMs, Definitions.OneShot());
        Claim(Self, ClaimAction.Start);
        var record = _log.Tasks.Find(id)!;
        _ticket = new AttemptTicket(id, 1, 1, record.Revision, _clock.GetTimestamp());
    }

    [TearDown]
    public void TearDown() => _fence.Dispose();

    [Test]
    public async Task A_fresh_claim_is_sent_without_asking()
    {
        _clock.Advance(1000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _fence.RefreshAsync(_ticket, CancellationToken.None), Is.True);
            Assert.That(_gateway.Barriers, Is.Zero);
            Assert.That(_fence.Look(_ticket, out _), Is.EqualTo(FenceVerdict.Clear));
        }
    }

    [Test]
    public async Task After_a_pause_of_half_the_owner_timeout_the_majority_is_asked()
    {
        _clock.Advance(1001);

        var isSure = await _fence.RefreshAsync(_ticket, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isSure, Is.True);
            Assert.That(_gateway.Barriers, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task One_answer_of_the_majority_is_good_for_all_attempts_for_a_while()
    {
        _clock.Advance(60_000);
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(5);
            await _fence.RefreshAsync(_ticket, CancellationToken.None);
        }

        Assert.That(_gateway.Barriers, Is.EqualTo(1));
    }

    [Test]
    public async Task A_node_that_is_cut_off_sends_nothing()
    {
        _clock.Advance(1001);
        _gateway.Barrier = static () => false;

        Assert.That(await _fence.RefreshAsync(_ticket, CancellationToken.None), Is.False);
    }

    [Test]
    public async Task Before_it_trusts_the_barrier_the_log_shows_the_others_that_it_is_alive()
    {
        var heard = new List<OwnerSession>();
        _log.Observe(new Listener(heard));
        _clock.Advance(1001);

        await _fence.RefreshAsync(_ticket, CancellationToken.None);

        Assert.That(heard, Is.EqualTo(new[] { Self }));
    }

    [Test]
    public async Task A_node_whose_sign_of_life_does_not_come_back_gives_no_other_until_it_does()
    {
        var heard = new List<OwnerSession>();
        _log.Observe(new Listener(heard));
        _clock.Advance(1001);
        _applied = _log.Applied;
        _gateway.Barrier = static () => false;

        for (var i = 0; i < 10; i++)
        {
            await _fence.RefreshAsync(_ticket, CancellationToken.None);
            _clock.Advance(1000);
        }

        var whileBehind = heard.Count;
        _applied = null;
        _gateway.Barrier = static () => true;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(whileBehind, Is.EqualTo(1));
            Assert.That(await _fence.RefreshAsync(_ticket, CancellationToken.None), Is.True);
        }
    }

    [TestCase(MemoryGateway.Fault.Rejected)]
    [TestCase(MemoryGateway.Fault.UnknownAndLost)]
    public async Task Where_the_others_may_not_know_that_it_is_alive_nothing_is_sent(object fault)
    {
        _clock.Advance(1001);
        _gateway.NextFault = () => (MemoryGateway.Fault)fault;

        Assert.That(await _fence.RefreshAsync(_ticket, CancellationToken.None), Is.False);
    }

    [Test]
    public async Task An_answer_that_took_too_long_is_not_trusted()
    {
        _clock.Advance(1001);
        _gateway.Barrier = () =>
        {
            _clock.Advance(5000);
            return true;
        };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _fence.RefreshAsync(_ticket, CancellationToken.None), Is.False);
            Assert.That(_gateway.Barriers, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task A_claim_of_which_nothing_is_known_is_checked()
    {
        await _fence.RefreshAsync(
            _ticket with { ProposedTimestamp = AttemptTicket.NotKnown }, CancellationToken.None);

        Assert.That(_gateway.Barriers, Is.EqualTo(1));
    }

    [Test]
    public void A_run_that_another_has_claimed_is_gone()
    {
        _log.AssignAll(Other);
        Claim(Other, ClaimAction.Reclaim);

        Assert.That(_fence.Look(_ticket, out _), Is.EqualTo(FenceVerdict.Gone));
    }

    [Test]
    public void A_deleted_task_is_gone()
    {
        _log.Delete(new TaskId(7));

        Assert.That(_fence.Look(_ticket, out _), Is.EqualTo(FenceVerdict.Gone));
    }

    [Test]
    public void A_session_that_owns_nothing_any_more_does_not_send()
    {
        _log.AssignAll(Other);

        Assert.That(_fence.Look(_ticket, out _), Is.EqualTo(FenceVerdict.NotOwned));
    }

    [Test]
    public void A_session_that_is_up_sends_what_it_claimed_before_the_shard_moved()
    {
        _log.Assign(Other, [ShardId.Of(new TaskId(7)).Value]);

        Assert.That(_fence.Look(_ticket, out _), Is.EqualTo(FenceVerdict.Clear));
    }

    [Test]
    public void A_state_that_does_not_yet_show_the_grant_is_unsure()
    {
        Assert.That(
            _fence.Look(_ticket with { Revision = _ticket.Revision + 1 }, out _), Is.EqualTo(FenceVerdict.Unsure));
    }

    [Test]
    public void Of_several_proposals_of_one_claim_the_first_counts()
    {
        var proposals = new ProposalTimes();
        proposals.Note(task: 7, revision: 3, timestamp: 100);
        proposals.Note(task: 7, revision: 3, timestamp: 200);
        var first = proposals.Take(7);
        var none = proposals.Take(7);
        proposals.Note(task: 7, revision: 3, timestamp: 100);
        proposals.Note(task: 7, revision: 4, timestamp: 200);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(100));
            Assert.That(none, Is.EqualTo(AttemptTicket.NotKnown));
            Assert.That(proposals.Take(7), Is.EqualTo(200));
        }
    }

    private void Claim(OwnerSession session, ClaimAction action)
    {
        var record = _log.Tasks.Find(new TaskId(7))!;
        var claim = new ClaimRun
        {
            TaskId = 7,
            Revision = record.Revision,
            Action = action,
            ScheduledMs = record.NextDueMs,
        };
        _log.Apply(TaskCommands.EncodeClaims(session, StartMs, [claim]));
    }

    private sealed class Listener(List<OwnerSession> heard) : IStateObserver
    {
        public void SessionHeard(OwnerSession session) => heard.Add(session);

        public void TaskChanged(TaskId id, TaskRecord? record)
        {
        }

        public void AttemptGranted(OwnerSession session, TaskRecord record)
        {
        }

        public void OwnersChanged(long epoch)
        {
        }

        public void StateReplaced()
        {
        }
    }
}
