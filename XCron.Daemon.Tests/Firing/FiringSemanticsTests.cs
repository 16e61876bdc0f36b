using System.Net;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>The options of a task through a whole node: from due to recorded.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class FiringSemanticsTests : IDisposable
{
    private const long Start = 1_700_000_000_000;
    private const long Second = 1000;

    private static readonly OwnerSession Gone = new(new NodeId(9), 9);
    private readonly ManualClock _clock = new(Start);
    private readonly MemoryLog _log = new();
    private readonly MemoryReplica _replica;
    private readonly MemoryGateway _gateway;
    private readonly SteppedNode _node;
    private readonly List<string> _sent = [];
    private HttpStatusCode _answer = HttpStatusCode.OK;
    private Action _whileSending = static () => { };

    public FiringSemanticsTests()
    {
        _gateway = new MemoryGateway(_log);
        var target = new FakeTarget((request, _) =>
        {
            var time = request.Headers.GetValues("X-Xcron-Scheduled-Time").Single();
            _sent.Add($"{request.Headers.GetValues("X-Xcron-Run-Id").Single()} for {time}");
            _whileSending();
            return Task.FromResult(new HttpResponseMessage(_answer));
        });
        _replica = new MemoryReplica(_log);
        _node = new SteppedNode(1, _replica, _gateway, _clock, 1, target);
        _log.AssignAll(_node.Self);
    }

    public void Dispose() => _node.Dispose();

    [Test]
    public async Task What_was_claimed_in_time_and_waited_too_long_for_a_place_is_skipped()
    {
        var definition = Definitions.OneShot();
        definition.DeadlineMs = 5 * Second;
        var id = _log.Create(7, Start, definition);
        await _node.FollowAndClaimAsync();
        Assert.That(_log.Tasks.Find(id)!.Run, Is.Not.Null);

        _clock.Advance(5 * Second + 1);
        await StepAsync();

        var record = _log.Tasks.Find(id)!;
        Assert.That(_sent, Is.Empty);
        Assert.That((record.Phase, record.LastRun!.Status), Is.EqualTo((TaskPhase.Expired, RunStatus.Skipped)));
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task A_run_of_max_runs_that_waited_too_long_for_a_place_is_made_up_for(int maxRuns)
    {
        var definition = Definitions.Periodic("@every 1m");
        definition.DeadlineMs = 5 * Second;
        definition.MaxRuns = maxRuns;
        var id = _log.Create(7, Start, definition);
        await _node.FollowAndClaimAsync();
        Assert.That(_log.Tasks.Find(id)!.Run, Is.Not.Null);

        _clock.Advance(5 * Second + 1);
        await StepAsync();
        var skipped = _log.Tasks.Find(id)!;
        _clock.Set(Start + 60 * Second);
        await StepAsync();
        _clock.Set(Start + 120 * Second);
        await StepAsync();
        await StepAsync();

        var record = _log.Tasks.Find(id)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((skipped.RunCount, skipped.LastRun!.Status), Is.EqualTo((0, RunStatus.Skipped)));
            Assert.That(skipped.NextDueMs, Is.EqualTo(Start + 60 * Second));
            Assert.That(_sent, Has.Count.EqualTo(maxRuns));
            Assert.That((record.Phase, record.RunCount), Is.EqualTo((TaskPhase.Completed, maxRuns)));
        }
    }

    [Test]
    public async Task A_run_that_began_in_time_is_retried_past_its_deadline()
    {
        var definition = Definitions.OneShot();
        definition.DeadlineMs = Second / 10;
        _log.Create(7, Start, definition);
        _answer = HttpStatusCode.InternalServerError;
        await StepAsync();

        _clock.Advance(3 * Second);
        await StepAsync();

        Assert.That(_sent, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_run_by_hand_is_sent_only_after_a_look_that_is_fresh()
    {
        var id = _log.Create(7, Start + 60 * Second, Definitions.OneShot());
        _gateway.Barrier = () => false;

        _log.Apply(TaskCommands.EncodeRun(id, null, Start, Start - 5 * Second));
        await StepAsync();
        Assert.That(_sent, Is.Empty, "no majority answers");
        _gateway.Barrier = () => true;
        await StepAsync();

        var record = _log.Tasks.Find(id)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1699999995"]));
            Assert.That((record.RunCount, record.NextDueMs), Is.EqualTo((1, Start + 60 * Second)));
            Assert.That(record.Phase, Is.EqualTo(TaskPhase.Scheduled));
        }
    }

    [Test]
    public async Task What_a_clock_an_hour_ahead_has_claimed_is_not_sent_by_a_right_one_before_it_is_due()
    {
        const long DueMs = Start + 3600 * Second;
        _log.Create(7, DueMs, Definitions.OneShot());
        _log.AssignAll(Gone);
        _log.Apply(TaskCommands.EncodeClaims(Gone, DueMs + 1, [new ClaimRun
        {
            TaskId = 7,
            Revision = 1,
            Action = ClaimAction.Start,
            ScheduledMs = DueMs,
        }]));
        _log.AssignAll(_node.Self);

        await StepAsync();
        _clock.Advance(DueMs - Start - 1);
        await StepAsync();
        Assert.That(_sent, Is.Empty, "it was claimed again, and is not due");
        Assert.That(_log.Tasks.Find(new TaskId(7))!.Run!.ClaimedBy, Is.EqualTo(_node.Self));
        _clock.Advance(1);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1700003600"]));
        Assert.That(_log.Tasks.Find(new TaskId(7))!.Phase, Is.EqualTo(TaskPhase.Completed));
    }

    [Test]
    public async Task A_clock_that_is_set_back_after_the_claim_holds_up_the_run()
    {
        _log.Create(7, Start, Definitions.OneShot());
        await _node.FollowAndClaimAsync();
        Assert.That(_log.Tasks.Find(new TaskId(7))!.Run, Is.Not.Null);

        _clock.Set(Start - 1);
        await StepAsync();
        Assert.That(_sent, Is.Empty);
        _clock.Advance(1);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1700000000"]));
    }

    [Test]
    public async Task A_retry_waits_for_its_run_to_be_due_where_the_clock_was_set_back_while_it_was_sent()
    {
        _log.Create(7, Start, Definitions.OneShot());
        _answer = HttpStatusCode.InternalServerError;
        _whileSending = () => _clock.Set(Start - 30 * Second);
        await StepAsync();
        Assert.That(_log.Tasks.Find(new TaskId(7))!.Run!.RetryAtMs, Is.GreaterThan(0).And.LessThan(Start));

        _answer = HttpStatusCode.OK;
        _clock.Advance(20 * Second);
        await StepAsync();
        Assert.That(_sent, Has.Count.EqualTo(1), "its wait is over, but it is not due");
        _clock.Advance(10 * Second);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1700000000", "7-1 for 1700000000"]));
    }

    [Test]
    public async Task Overlap_allow_sends_the_next_run_while_the_last_is_on_its_way()
    {
        var id = _log.Create(7, Start, Periodic(Overlap.Allow));
        await _node.FollowAndClaimAsync();
        _clock.Advance(5 * Second);
        await _node.FollowAndClaimAsync();
        Assert.That(_log.Tasks.Find(id)!.Runs!.Count, Is.EqualTo(2));

        await StepAsync();

        Assert.That(_sent, Is.EquivalentTo((string[])["7-1 for 1700000000", "7-2 for 1700000005"]));
        Assert.That((_log.Tasks.Find(id)!.RunCount, _log.Tasks.Find(id)!.Runs), Is.EqualTo((2, (OpenRuns?)null)));
    }

    [Test]
    public async Task Overlap_skip_consumes_what_comes_due_meanwhile_and_goes_on_afterwards()
    {
        var id = _log.Create(7, Start, Periodic(Overlap.Skip));
        await _node.FollowAndClaimAsync();
        _clock.Advance(7 * Second);
        await _node.FollowAndClaimAsync();
        await StepAsync();
        _clock.Advance(4 * Second);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1700000000", "7-2 for 1700000010"]));
        Assert.That(_log.Tasks.Find(id)!.MissedCount, Is.EqualTo(1));
    }

    [TestCase(Overlap.Skip, ClaimAction.SkipDue)]
    [TestCase(Overlap.Allow, ClaimAction.StartBeside)]
    public async Task A_run_is_not_tried_again_once_the_next_was_due_while_its_attempt_went_on(
        object overlap, object meanwhile)
    {
        var id = _log.Create(7, Start, Periodic((Overlap)overlap));
        _answer = HttpStatusCode.InternalServerError;
        _whileSending = () =>
        {
            _whileSending = static () => { };
            _clock.Advance(6 * Second);
            Claim(id, (ClaimAction)meanwhile, Start + 5 * Second);
            _replica.Follow();
        };
        await StepAsync();

        var record = _log.Tasks.Find(id)!;
        Assert.That(record.Runs?.Find(1), Is.Null, "its next attempt would be before the due time after the next");
        Assert.That(record.FailCount, Is.EqualTo(1));
    }

    [Test]
    public async Task A_run_by_hand_that_is_over_first_takes_no_retry_from_one_that_was_due()
    {
        var id = _log.Create(7, Start, Periodic(Overlap.Allow));
        _answer = HttpStatusCode.InternalServerError;
        _whileSending = () =>
        {
            _whileSending = static () => { };
            _clock.Advance(2 * Second);
            _log.Apply(TaskCommands.EncodeRun(id, null, _clock.NowMs, _clock.NowMs));
            _log.Apply(TaskCommands.EncodeFinish(_node.Self, [new FinishAttempt
            {
                TaskId = 7,
                RunSequence = 2,
                Attempt = 1,
                Outcome = AttemptOutcome.Succeeded,
            }]));
            _replica.Follow();
        };
        await StepAsync();

        Assert.That(_log.Tasks.Find(id)!.Runs?.Find(1)?.RetryAtMs, Is.GreaterThan(0));
    }

    [TestCase(Overlap.Queue)]
    [TestCase(Overlap.Skip)]
    [TestCase(Overlap.Allow)]
    public async Task No_overlap_rule_is_stuck_on_a_run_whose_node_is_gone(object overlap)
    {
        var id = _log.Create(7, Start, Periodic((Overlap)overlap));
        _log.AssignAll(Gone);
        _log.Apply(TaskCommands.EncodeClaims(Gone, Start, [new ClaimRun
        {
            TaskId = 7,
            Revision = 1,
            Action = ClaimAction.Start,
            ScheduledMs = Start,
            NextDueMs = Start + 5 * Second,
        }]));
        _clock.Advance(6 * Second);
        _log.AssignAll(_node.Self);

        for (var i = 0; i < 10; i++)
        {
            await StepAsync();
            _clock.Advance(Second);
        }

        Assert.That(_sent[0], Is.EqualTo("7-1 for 1700000000"));
        Assert.That(_sent, Has.Count.GreaterThanOrEqualTo(3));
        Assert.That(_log.Tasks.Find(id)!.NextDueMs, Is.GreaterThan(_clock.NowMs - Second));
    }

    [Test]
    public async Task A_target_that_is_gone_pauses_a_periodic_task_and_a_resume_meets_the_misfire_rule()
    {
        var id = _log.Create(7, Start, Periodic(Overlap.Queue));
        _answer = HttpStatusCode.Gone;
        await StepAsync();
        _clock.Advance(60 * Second);
        await StepAsync();
        Assert.That((_sent.Count, _log.Tasks.Find(id)!.Phase), Is.EqualTo((1, TaskPhase.Paused)));

        _log.Apply(TaskCommands.EncodeResume(
            new ResumeTask { TaskId = 7, Revision = _log.Tasks.Find(id)!.Revision }));
        _answer = HttpStatusCode.OK;
        await StepAsync();

        Assert.That(_sent[1], Is.EqualTo("7-2 for 1700000060"), "the latest one only");
        Assert.That(_log.Tasks.Find(id)!.MissedCount, Is.EqualTo(11));
    }

    [Test]
    public async Task After_the_last_of_max_runs_the_task_is_completed()
    {
        var definition = Periodic(Overlap.Queue);
        definition.MaxRuns = 2;
        var id = _log.Create(7, Start, definition);
        for (var i = 0; i < 4; i++)
        {
            await StepAsync();
            _clock.Advance(5 * Second);
        }

        Assert.That(_sent, Has.Count.EqualTo(2));
        Assert.That(_log.Tasks.Find(id)!.Phase, Is.EqualTo(TaskPhase.Completed));
    }

    [Test]
    public async Task An_update_while_a_run_is_going_on_holds_for_its_next_attempt()
    {
        var id = _log.Create(7, Start, Definitions.OneShot());
        _answer = HttpStatusCode.InternalServerError;
        await StepAsync();
        var record = _log.Tasks.Find(id)!;
        var other = Definitions.OneShot("http://other.test/");
        _log.Apply(TaskCommands.EncodeUpdate(new UpdateTask
        {
            TaskId = 7,
            Revision = record.Revision,
            Definition = Google.Protobuf.ByteString.CopyFrom(TaskDefinitionCodec.Encode(other)),
        }));

        _answer = HttpStatusCode.OK;
        _clock.Advance(3 * Second);
        await StepAsync();

        Assert.That(_sent, Is.EqualTo((string[])["7-1 for 1700000000", "7-1 for 1700000000"]));
        Assert.That(_log.Tasks.Find(id)!.Phase, Is.EqualTo(TaskPhase.Completed));
    }

    private static TaskDefinition Periodic(Overlap overlap)
    {
        var definition = Definitions.Periodic("@every 5s");
        definition.Overlap = overlap;
        return definition;
    }

    private void Claim(TaskId id, ClaimAction action, long scheduledMs) =>
        _log.Apply(TaskCommands.EncodeClaims(_node.Self, _clock.NowMs, [new ClaimRun
        {
            TaskId = id.Value,
            Revision = _log.Tasks.Find(id)!.Revision,
            Action = action,
            ScheduledMs = scheduledMs,
            NextDueMs = scheduledMs + 5 * Second,
        }]));

    private Task StepAsync() => _node.FollowAndStepAsync(4);
}
