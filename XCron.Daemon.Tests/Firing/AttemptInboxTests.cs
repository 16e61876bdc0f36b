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
        _inbox.Recorded(Task, 1, 1);
        _inbox.Recorded(Task, 1, 1);
        Offer(run: 1, attempt: 1);
        var recorded = _inbox.OpenCount;
        _inbox.Forget(Task, 1, 1);

        Assert.That((granted, recorded, _inbox.OpenCount), Is.EqualTo((1, 0, 0)));
        Assert.That(_inbox.Swap([]), Has.Count.EqualTo(1));
    }

    [Test]
    public void One_that_is_over_before_it_was_recorded_is_open_no_more()
    {
        Offer(run: 1, attempt: 1);
        Offer(run: 2, attempt: 1);

        _inbox.Forget(Task, 1, 1);

        Assert.That(_inbox.OpenCount, Is.EqualTo(1));
    }

    [Test]
    public void The_next_attempt_of_a_run_takes_the_place_of_the_last_which_cannot_end_it()
    {
        Offer(run: 1, attempt: 1);
        Offer(run: 1, attempt: 2);
        _inbox.Forget(Task, 1, 1);
        _inbox.Recorded(Task, 1, 1);
        var open = _inbox.OpenCount;
        _inbox.Recorded(Task, 1, 2);
        Offer(run: 1, attempt: 3);
        var third = _inbox.OpenCount;
        _inbox.Forget(Task, 1, 3);

        Assert.That((open, third, _inbox.OpenCount), Is.EqualTo((1, 1, 0)));
    }

    private void Offer(long run, int attempt)
    {
        var open = new OpenRun { Sequence = run, ScheduledMs = 1000, Attempt = attempt, ClaimedBy = Self };
        var record = new TaskRecord
        {
            Id = new TaskId(Task), CreateTimeMs = 1, Revision = 1, Definition = [], Phase = TaskPhase.Scheduled,
        };
        _inbox.Offer(record, open, proposedTimestamp: 5);
    }
}
