using System.Net;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>When a session that is to go may still be granted something that its node does not know of.</summary>
internal sealed class ClaimGateTests
{
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(2);
    private readonly ManualClock _clock = new(1_700_000_000_000);
    private LogIndex _applied = new(4);
    private ClaimGate _gate = null!;

    [SetUp]
    public void SetUp()
    {
        _applied = new LogIndex(4);
        _gate = new ClaimGate(() => _applied, Doubt, _clock);
    }

    [Test]
    public void A_claim_is_under_way_until_this_node_has_applied_it()
    {
        var before = _gate.IsUnderWay;
        _gate.TryEnter();
        var proposed = _gate.IsUnderWay;
        _gate.Leave(Granted(5));
        var granted = _gate.IsUnderWay;
        _applied = new LogIndex(5);

        Assert.That((before, proposed, granted, _gate.IsUnderWay), Is.EqualTo((false, true, true, false)));
    }

    [Test]
    public void A_claim_that_was_refused_or_never_proposed_is_over_at_once()
    {
        _gate.TryEnter();
        _gate.Leave(new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None));
        var refused = _gate.IsUnderWay;
        _gate.TryEnter();
        _gate.Leave(null);

        Assert.That((refused, _gate.IsUnderWay), Is.EqualTo((false, false)));
    }

    [Test]
    public void A_claim_of_unknown_outcome_may_yet_be_granted_for_a_while()
    {
        _gate.TryEnter();
        _gate.Leave(new ProposeOutcome.Unknown());
        _gate.TryEnter();
        _gate.Leave(Granted(4));
        var later = _gate.IsUnderWay;
        _clock.Advance((long)Doubt.TotalMilliseconds + 1);

        Assert.That((later, _gate.IsUnderWay), Is.EqualTo((true, false)));
    }

    [Test]
    public void Once_closed_nothing_is_claimed_any_more_and_what_is_on_its_way_ends()
    {
        var entered = _gate.TryEnter();
        _gate.Close();
        var closed = _gate.IsUnderWay;
        _gate.Leave(Granted(4));

        Assert.That((entered, closed, _gate.TryEnter(), _gate.IsUnderWay), Is.EqualTo((true, true, false, false)));
    }

    [Test]
    public async Task A_session_that_is_to_go_leaves_what_falls_due_to_its_successor_and_ends_what_it_claimed()
    {
        var log = new MemoryLog();
        var replica = new MemoryReplica(log);
        var sent = 0;
        var target = new FakeTarget((_, _) => Task.FromResult(new HttpResponseMessage { StatusCode = Sent(ref sent) }));
        using var node = new SteppedNode(1, replica, new MemoryGateway(log), _clock, seed: 1, target);
        log.AssignAll(node.Self);
        var nowMs = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        log.Create(1, nowMs + 1000, Definitions.OneShot(), nowMs);
        log.Create(2, nowMs + 2000, Definitions.OneShot(), nowMs);
        replica.Follow();
        _clock.Advance(1000);
        await node.StepAsync();

        node.Gate.Close();
        var unknown = node.Gate.IsUnderWay;
        replica.Follow();
        for (var second = 0; second < 5; second++)
        {
            await node.StepAsync();
            replica.Follow();
            _clock.Advance(1000);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That((unknown, node.Gate.IsUnderWay, node.Attempts.OpenCount), Is.EqualTo((true, false, 0)));
            Assert.That(sent, Is.EqualTo(1));
            Assert.That(log.Tasks.Find(new TaskId(1))!.Phase, Is.EqualTo(TaskPhase.Completed));
            Assert.That(log.Tasks.Find(new TaskId(2))!.Runs, Is.Null);
        }
    }

    private static HttpStatusCode Sent(ref int sent)
    {
        sent++;
        return HttpStatusCode.OK;
    }

    private static ProposeOutcome.Applied Granted(long index) =>
        new(new LogIndex(index), new Term(1), new ApplyResult(1));
}
