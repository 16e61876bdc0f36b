using XCron.Daemon.Firing;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LogEchoTests
{
    private const long StartMs = 1_700_000_000_000;

    private readonly ManualClock _clock = new(StartMs);
    private long _applied = 10;

    [Test]
    public void A_command_that_has_not_come_back_for_a_while_is_out_until_it_does()
    {
        var echo = new LogEcho(() => new LogIndex(_applied), _clock);

        echo.Said(Applied(11));
        var atOnce = echo.IsOut;
        _clock.Advance(501);
        var later = echo.IsOut;
        _applied = 11;

        Assert.That((atOnce, later, echo.IsOut), Is.EqualTo((false, true, false)));
    }

    [Test]
    public void The_oldest_that_is_out_counts_however_much_is_said_after_it()
    {
        var echo = new LogEcho(() => new LogIndex(_applied), _clock);

        for (var index = 11; index < 20; index++)
        {
            echo.Said(Applied(index));
            _clock.Advance(100);
        }

        Assert.That(echo.IsOut, Is.True);
    }

    [Test]
    public void What_comes_back_in_time_is_never_out_and_what_was_not_applied_says_nothing()
    {
        var echo = new LogEcho(() => new LogIndex(_applied), _clock);

        for (var index = 11; index < 40; index++)
        {
            echo.Said(Applied(index));
            _clock.Advance(100);
            Assert.That(echo.IsOut, Is.False);
            _applied = index;
        }

        echo.Said(new ProposeOutcome.Unknown());
        echo.Said(new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None));
        _clock.Advance(10_000);

        Assert.That(echo.IsOut, Is.False);
    }

    [Test]
    public async Task A_session_that_does_not_hear_of_its_claims_claims_no_more_until_it_does()
    {
        var log = new MemoryLog();
        var replica = new MemoryReplica(log);
        var gateway = new MemoryGateway(log);
        var target = new FakeTarget((_, _) => Task.FromResult(new HttpResponseMessage()));
        using var node = new SteppedNode(1, replica, gateway, _clock, seed: 1, target);
        log.AssignAll(node.Self);
        for (var id = 1; id <= 20; id++)
            log.Create(id, StartMs + (id * 1000), Definitions.OneShot(), StartMs);
        replica.Follow();
        var before = log.Entries.Count;

        for (var second = 1; second <= 10; second++)
        {
            _clock.Advance(1000);
            await node.StepAsync();
        }

        var whileBehind = log.Entries.Count - before;
        replica.Follow();
        for (var i = 0; i < 5; i++)
        {
            await node.StepAsync();
            replica.Follow();
            _clock.Advance(600);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(whileBehind, Is.EqualTo(1), "one claim, of which it heard nothing");
            Assert.That(log.Tasks.Find(new(10))!.NextDueMs, Is.Zero, "then it claims what is due");
        }
    }

    private static ProposeOutcome.Applied Applied(long index) => new(new LogIndex(index), new Term(1), default);
}
