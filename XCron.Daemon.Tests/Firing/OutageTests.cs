using System.Net;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>A cluster that nobody served for a day, or a target that does not do well, through a whole node.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OutageTests : IDisposable
{
    // 2023-11-14 22:13:20 UTC.
    private const long Start = 1_700_000_000_000;
    private const long Second = 1000;
    private const long Minute = 60 * Second;
    private const long Day = 24 * 60 * Minute;

    private static readonly OwnerSession Gone = new(new NodeId(9), 9);
    private readonly ManualClock _clock = new(Start);
    private readonly MemoryLog _log = new();
    private readonly SteppedNode _node;
    private readonly List<(string Run, long ScheduledMs, long SentMs)> _sent = [];
    private Func<HttpResponseMessage> _answer = static () => new HttpResponseMessage(HttpStatusCode.OK);

    public OutageTests()
    {
        var target = new FakeTarget((request, _) =>
        {
            var run = request.Headers.GetValues("X-Xcron-Run-Id").Single();
            var attempt = request.Headers.GetValues("X-Xcron-Attempt").Single();
            var time = decimal.Parse(request.Headers.GetValues("X-Xcron-Scheduled-Time").Single());
            _sent.Add(($"{run}/{attempt}", (long)(time * Second), _clock.NowMs));
            return Task.FromResult(_answer());
        });
        _node = new SteppedNode(1, new MemoryReplica(_log), new MemoryGateway(_log), _clock, 1, target);
        _log.AssignAll(_node.Self);
    }

    private TaskRecord Record => _log.Tasks.Find(new TaskId(7))!;

    public void Dispose() => _node.Dispose();

    [Test]
    public async Task Fire_all_sends_the_last_thousand_seconds_of_a_day_in_order_and_the_next_ones_in_time()
    {
        _log.Create(7, Start, Definitions.Periodic("* * * * * *", Misfire.FireAll));
        _clock.Advance(Day);

        while (Record.NextDueMs <= _clock.NowMs)
            await StepAsync(1);
        _clock.Advance(Second);
        await StepAsync();

        var expected = Enumerable.Range(0, 1001).Select(place => Start + Day - (999 * Second) + (place * Second));
        Assert.That(_sent.Select(call => call.ScheduledMs), Is.EqualTo(expected));
        Assert.That(_sent.Select(call => call.Run), Is.EqualTo(Enumerable.Range(1, 1001).Select(run => $"7-{run}/1")));
        Assert.That(Record.MissedCount, Is.EqualTo((Day / Second) + 1 - 1000));
    }

    [TestCase(Misfire.FireOnce, 1)]
    [TestCase(Misfire.Skip, 0)]
    [TestCase(Misfire.FireAll, 1000)]
    public async Task After_a_day_of_minutes_the_misfire_rule_gives_one_none_or_a_thousand(object misfire, int runs)
    {
        _log.Create(7, Start + (40 * Second), Definitions.Periodic("* * * * *", (Misfire)misfire));
        _clock.Advance(Day + (50 * Second));

        while (Record.NextDueMs <= _clock.NowMs)
            await StepAsync(1);
        await StepAsync();
        Assert.That(_sent, Has.Count.EqualTo(runs));
        Assert.That(_sent.Count + Record.MissedCount, Is.EqualTo((Day / Minute) + 1), "each is sent or counted");

        _clock.Advance(Minute);
        await StepAsync();
        Assert.That(_sent[^1].ScheduledMs, Is.EqualTo(Start + Day + (40 * Second) + Minute), "then it goes on in time");
    }

    [TestCase(Misfire.FireOnce)]
    [TestCase(Misfire.Skip)]
    public async Task A_run_and_one_that_waits_for_it_survive_a_day_without_an_owner(object misfire)
    {
        _log.AssignAll(Gone);
        _log.Create(7, Start, Definitions.Periodic("@every 60s", (Misfire)misfire));
        ClaimAsGone(ClaimAction.Start, Start);
        _clock.Advance(Minute);
        ClaimAsGone(ClaimAction.Queue, Start + Minute);
        _clock.Advance(Day);
        _log.AssignAll(_node.Self);

        await StepAsync();

        var isSkip = (Misfire)misfire == Misfire.Skip;
        string[] expected = isSkip ? ["7-1/2", "7-2/1"] : ["7-1/2", "7-2/1", "7-3/1"];
        Assert.That(_sent.Select(call => call.Run), Is.EqualTo(expected));
        Assert.That(_sent[1].ScheduledMs, Is.EqualTo(Start + Minute), "it waited for the run, which ended just now");
        Assert.That(Record.NextDueMs, Is.GreaterThan(_clock.NowMs));
        Assert.That((Record.Runs, Record.QueuedDueMs), Is.EqualTo(((OpenRuns?)null, 0L)));
    }

    [TestCase(Misfire.FireOnce, true)]
    [TestCase(Misfire.Skip, false)]
    public async Task What_waited_for_a_run_and_then_for_the_end_of_a_pause_goes_by_the_misfire_rule(
        object misfire, bool isLatestSent)
    {
        _log.Create(7, Start, Definitions.Periodic("@every 60s", (Misfire)misfire));
        await _node.FollowAndClaimAsync();
        _clock.Advance(Minute);
        await _node.FollowAndClaimAsync();
        Assert.That(Record.QueuedDueMs, Is.EqualTo(Start + Minute));
        _log.Apply(TaskCommands.EncodePause(new TaskId(7), null));
        await StepAsync();
        Assert.That(_sent, Has.Count.EqualTo(1), "what had started went on to its end");

        _clock.Advance(Day);
        _log.Apply(TaskCommands.EncodeResume(new ResumeTask { TaskId = 7, Revision = Record.Revision }));
        await StepAsync();

        long[] expected = isLatestSent ? [Start, Start + Day + Minute] : [Start];
        Assert.That(_sent.Select(call => call.ScheduledMs), Is.EqualTo(expected));
        Assert.That(Record.RunSequence + Record.MissedCount, Is.EqualTo((Day / Minute) + 2), "each is run or counted");
    }

    [Test]
    public async Task What_waited_for_a_long_run_is_sent_when_that_ends_however_late_and_under_misfire_skip_too()
    {
        _log.Create(7, Start, Definitions.Periodic("@every 60s", Misfire.Skip));
        await _node.FollowAndClaimAsync();
        _clock.Advance(Minute);
        await _node.FollowAndClaimAsync();
        _clock.Advance(60 * Minute);

        await StepAsync();

        Assert.That(_sent.Select(call => call.ScheduledMs), Is.EqualTo((long[])[Start, Start + Minute]));
    }

    [TestCase(Overlap.Queue)]
    [TestCase(Overlap.Skip)]
    [TestCase(Overlap.Allow)]
    public async Task The_retries_of_a_periodic_run_end_when_the_next_one_is_due(object overlap)
    {
        var definition = Definitions.Periodic("@every 10s");
        definition.Overlap = (Overlap)overlap;
        definition.MaxAttempts = 100;
        _log.Create(7, Start, definition);
        _answer = static () => new HttpResponseMessage(HttpStatusCode.BadGateway);

        for (var tenths = 0; tenths <= 200; tenths++)
        {
            await StepAsync();
            _clock.Advance(Second / 10);
        }

        var ofFirst = _sent.FindAll(call => call.ScheduledMs == Start);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ofFirst, Has.Count.InRange(3, 5), "after 0, 1, 3 and 7 seconds or so");
            Assert.That(ofFirst[^1].SentMs, Is.LessThan(Start + (10 * Second)));
            Assert.That(_sent[ofFirst.Count].Run, Is.EqualTo("7-2/1"));
            Assert.That(_sent[ofFirst.Count].SentMs, Is.EqualTo(Start + (10 * Second)));
            Assert.That((Record.RunCount, Record.FailCount), Is.EqualTo((2, 2)));
        }
    }

    [TestCase("3600", 300)]
    [TestCase("99999999999999999999", 300)]
    [TestCase("120", 120)]
    [TestCase("Tue, 14 Nov 2023 22:15:20 GMT", 120)]
    [TestCase("Wed, 15 Nov 2023 22:13:20 GMT", 300)]
    public async Task Retry_after_is_waited_for_and_no_longer_than_max_backoff(string retryAfter, int seconds)
    {
        _log.Create(7, Start, Definitions.OneShot());
        _answer = () =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            answer.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            return answer;
        };
        await StepAsync();

        _clock.Advance((seconds * Second) - 1);
        await StepAsync();
        Assert.That(_sent, Has.Count.EqualTo(1));
        _clock.Advance(1);
        await StepAsync();

        Assert.That(_sent.Select(call => call.Run), Is.EqualTo((string[])["7-1/1", "7-1/2"]));
    }

    [Test]
    public async Task A_retry_after_beyond_the_next_due_time_ends_the_run()
    {
        _log.Create(7, Start, Definitions.Periodic("@every 60s"));
        _answer = static () =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            answer.Headers.Add("Retry-After", "60");
            return answer;
        };

        await StepAsync();

        Assert.That((Record.Runs, Record.FailCount), Is.EqualTo(((OpenRuns?)null, 1L)));
        Assert.That(Record.LastRun!.HttpStatus, Is.EqualTo(429));
    }

    [TestCase(410, false)]
    [TestCase(500, true)]
    public async Task A_target_that_wants_no_retry_has_none_and_a_one_shot_has_failed(int status, bool isSaid)
    {
        _log.Create(7, Start, Definitions.OneShot());
        _answer = () =>
        {
            var answer = new HttpResponseMessage((HttpStatusCode)status);
            if (isSaid)
                answer.Headers.Add("X-Xcron-No-Retry", "true");
            return answer;
        };

        await StepAsync();
        _clock.Advance(Minute);
        await StepAsync();

        Assert.That(_sent, Has.Count.EqualTo(1));
        Assert.That(Record.Phase, Is.EqualTo(TaskPhase.Failed));
    }

    [Test]
    public async Task A_task_deleted_between_its_claim_and_its_call_is_not_sent()
    {
        _log.Create(7, Start, Definitions.OneShot());
        await _node.FollowAndClaimAsync();
        _log.Delete(new TaskId(7));

        await StepAsync();

        Assert.That(_sent, Is.Empty);
    }

    [Test]
    public async Task Jitter_moves_the_call_and_not_the_time_it_is_for_and_the_end_is_kept()
    {
        var definition = Definitions.Periodic("@every 60s");
        (definition.JitterMs, definition.StartAtMs) = (30 * Second, Start);
        definition.EndAtMs = Start + (3 * Minute) + (10 * Second);
        _log.Create(7, Start, definition);

        for (var seconds = 0; seconds < 400; seconds++)
        {
            await StepAsync(1);
            _clock.Advance(Second);
        }

        var delays = _sent.Select(call => call.SentMs - call.ScheduledMs).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                _sent.Select(call => call.ScheduledMs),
                Is.EqualTo(Enumerable.Range(0, 4).Select(minute => Start + (minute * Minute))));
            Assert.That(delays, Has.All.InRange(0, 31 * Second), "the clock goes by seconds");
            Assert.That(delays.Skip(1), Has.Some.GreaterThan(Second), "some are moved");
            Assert.That(_sent[^1].SentMs, Is.LessThanOrEqualTo(definition.EndAtMs + Second));
            Assert.That(Record.Phase, Is.EqualTo(TaskPhase.Completed));
        }
    }

    private void ClaimAsGone(ClaimAction action, long dueMs)
    {
        var claim = new ClaimRun
        {
            TaskId = 7,
            Revision = Record.Revision,
            Action = action,
            ScheduledMs = dueMs,
            NextDueMs = dueMs + Minute,
        };
        var applied = _log.Apply(TaskCommands.EncodeClaims(Gone, _clock.NowMs, [claim]));
        Assert.That(applied.Result.Code, Is.EqualTo(1));
    }

    private Task StepAsync(int steps = 8) => _node.FollowAndStepAsync(steps);
}
