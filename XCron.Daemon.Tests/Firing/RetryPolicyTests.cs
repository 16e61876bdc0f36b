using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Firing;

internal sealed class RetryPolicyTests
{
    private const long End = 1_700_000_000_000;
    private static readonly CallbackAnswer Failed = new() { IsOk = false, HttpStatus = 500 };
    private readonly RetryPolicy _policy = new(new Random(7));

    [TestCase(0, 1000)]
    [TestCase(1, 2000)]
    [TestCase(2, 4000)]
    [TestCase(3, 8000)]
    public void The_wait_doubles_within_a_fifth(int failures, double expectedMs)
    {
        for (var i = 0; i < 200; i++)
        {
            var waitMs = _policy.RetryAtMs(Definitions.OneShot(), Record(failures), Failed, End) - End;

            Assert.That(waitMs, Is.InRange((expectedMs * 0.8) - 1, expectedMs * 1.2));
        }
    }

    [Test]
    public void The_wait_grows_no_longer_than_the_longest_one()
    {
        var definition = Definitions.OneShot();
        definition.MaxAttempts = 100;
        definition.MaxBackoffMs = 10_000;

        var waitMs = _policy.RetryAtMs(definition, Record(failures: 90), Failed, End) - End;

        Assert.That(waitMs, Is.InRange(7_999, 12_000));
    }

    [Test]
    public void The_last_attempt_is_not_followed_by_another()
    {
        Assert.That(_policy.RetryAtMs(Definitions.OneShot(), Record(failures: 4), Failed, End), Is.Zero);
    }

    [Test]
    public void An_answer_that_wants_no_retry_ends_the_run()
    {
        var answer = Failed with { IsFinal = true };

        Assert.That(_policy.RetryAtMs(Definitions.OneShot(), Record(0), answer, End), Is.Zero);
    }

    [Test]
    public void Retry_after_is_the_least_wait()
    {
        var answer = Failed with { RetryAfterMs = 90_000 };

        var waitMs = _policy.RetryAtMs(Definitions.OneShot(), Record(0), answer, End) - End;

        Assert.That(waitMs, Is.EqualTo(90_000));
    }

    [Test]
    public void Retry_after_counts_up_to_the_longest_wait()
    {
        var answer = Failed with { RetryAfterMs = 86_400_000 };

        var waitMs = _policy.RetryAtMs(Definitions.OneShot(), Record(0), answer, End) - End;

        Assert.That(waitMs, Is.EqualTo(300_000));
    }

    [TestCase(500, false)]
    [TestCase(5000, true)]
    public void A_retry_comes_only_before_the_next_due_time(long nextDueInMs, bool isRetried)
    {
        var record = Record(0) with { NextDueMs = End + nextDueInMs };

        var retryAtMs = _policy.RetryAtMs(Definitions.Periodic("* * * * *"), record, Failed, End);

        Assert.That(retryAtMs != 0, Is.EqualTo(isRetried));
    }

    [Test]
    public void A_due_time_that_waits_already_leaves_no_room_for_a_retry()
    {
        var record = Record(0) with { QueuedDueMs = End - 1, NextDueMs = End + 86_400_000 };

        Assert.That(_policy.RetryAtMs(Definitions.Periodic("* * * * *"), record, Failed, End), Is.Zero);
    }

    [Test]
    public void The_next_due_time_of_a_paused_task_or_one_that_jitter_moves_ends_no_retry()
    {
        var record = Record(0) with { NextDueMs = End + 100 };
        var definition = Definitions.Periodic("* * * * *");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_policy.RetryAtMs(definition, record, Failed, End), Is.Zero);
            Assert.That(
                _policy.RetryAtMs(definition, record with { Phase = TaskPhase.Paused }, Failed, End), Is.Not.Zero);
            Assert.That(_policy.RetryAtMs(definition, record with { NextDelayMs = 60_000 }, Failed, End), Is.Not.Zero);
        }
    }

    private static TaskRecord Record(int failures) => new()
    {
        Id = new TaskId(5),
        CreateTimeMs = 1,
        Definition = [],
        Revision = 1,
        Phase = TaskPhase.Scheduled,
        Run = new OpenRun { Sequence = 1, ScheduledMs = End, Attempt = failures + 1, Failures = failures },
    };
}
