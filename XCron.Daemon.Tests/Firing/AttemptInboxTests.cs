using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>Which attempts are open: to be sent, on their way, or not recorded.</summary>
internal sealed class AttemptInboxTests
{
    private const long Task = 7;
    private static readonly OwnerSession Self = new(new NodeId(1), 11);
    private AttemptInbox _inbox = null!;

    [SetUp]
    public void SetUp() => _inbox = new AttemptInbox();

    [Test]
    public void An_attempt_is_open_from_its_grant_until_it_is_recorded_and_is_offered_once()
    {
        Offer(run: 1, attempt: 1);
        Offer(run: 1, attempt: 1);
        var granted = _inbox.OpenCount;
        _inbox.Shut(Task, 1, 1);
        Offer(run: 1, attempt: 1);
        var recorded = _inbox.OpenCount;
        _inbox.Forget(Task, 1, 1);

        Assert.That((granted, recorded, _inbox.OpenCount), Is.EqualTo((1, 0, 0)));
        Assert.That(_inbox.Swap([]), Has.Count.EqualTo(1));
    }

    [Test]
    public void The_next_attempt_of_a_run_takes_the_place_of_the_last()
    {
        Offer(run: 1, attempt: 1);
        Offer(run: 1, attempt: 2);
        _inbox.Forget(Task, 1, 1);
        _inbox.Shut(Task, 1, 1);
        var open = _inbox.OpenCount;
        _inbox.Forget(Task, 1, 2);

        Assert.That((open, _inbox.OpenCount), Is.EqualTo((1, 0)));
    }

    [Test]
    public void What_was_put_aside_opens_again_unless_the_session_is_to_go()
    {
        Offer(run: 1, attempt: 1);
        var ticket = _inbox.Swap([])[0];
        _inbox.Shut(Task, 1, 1);
        var opened = _inbox.TryOpen(ticket);
        var open = _inbox.OpenCount;
        _inbox.Shut(Task, 1, 1);
        _inbox.Close();

        Assert.That((opened, open, _inbox.TryOpen(ticket), _inbox.OpenCount), Is.EqualTo((true, 1, false, 0)));
    }

    [TestCase(AttemptTicket.NotKnown, false, Description = "a run by hand, or one read from a snapshot")]
    [TestCase(5, true, Description = "claimed before it was to go")]
    public void A_session_that_is_to_go_ends_what_it_claimed_and_begins_nothing_else(long proposed, bool isSent)
    {
        _inbox.Close();
        Offer(run: 1, attempt: 1, proposed);

        Assert.That(_inbox.TryOpen(_inbox.Swap([])[0]), Is.EqualTo(isSent));
    }

    private void Offer(long run, int attempt, long proposed = 5)
    {
        var open = new OpenRun { Sequence = run, ScheduledMs = 1000, Attempt = attempt, ClaimedBy = Self };
        var record = new TaskRecord
        {
            Id = new TaskId(Task), CreateTimeMs = 1, Revision = 1, Definition = [], Phase = TaskPhase.Scheduled,
        };
        _inbox.Offer(record, open, proposed);
    }
}
