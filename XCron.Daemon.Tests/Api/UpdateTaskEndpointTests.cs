using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class UpdateTaskEndpointTests
{
    private const string Path = "/xcron/updateTask";

    private const string TooLate =
        """{"type":2,"format":"1800000001","name":"settle","callback":{"url":"http://a.test/x"}}""";

    private readonly SchedulerState _state = new();
    private readonly ApiHost _host;

    public UpdateTaskEndpointTests() => _host = new ApiHost(state: _state);

    [SetUp]
    public async Task SetUpAsync()
    {
        // 1001 is periodic, 1002 a one-shot.
        await _host.PostAsync("/xcron/createTask", """
            {
              "type": 1, "format": "0 * * * *", "name": "settle", "timezone": "UTC", "overlap": "skip",
              "deadline": 60, "max_runs": 9, "tags": {"a": "1"}, "retry": {"max_attempts": 3},
              "callback": {"url": "http://a.test/x", "body": {"z":1.50}, "headers": {"X-One": "1"}}
            }
            """);
        await _host.PostAsync(
            "/xcron/createTask", """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""");
    }

    private TaskRecord Record => _state.Find(new TaskId(1001))!;

    private TaskDefinition Definition => TaskDefinition.Parser.ParseFrom(Record.Definition);

    [Test]
    public async Task Only_what_is_given_changes()
    {
        var before = Definition;

        var answer = await _host.PostAsync(
            Path, """{"name":"settle","callback":{"url":"http://b.test/y"},"retry":{"min_backoff":2}}""");

        var expected = before.Clone();
        expected.Url = "http://b.test/y";
        expected.MinBackoffMs = 2000;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001"}"""));
            Assert.That(Definition, Is.EqualTo(expected));
            Assert.That(Record.NextDueMs, Is.EqualTo(1_800_003_600_000), "the schedule is as it was");
        }
    }

    [Test]
    public async Task A_due_time_that_waits_for_the_open_run_counts_for_max_runs()
    {
        await _host.PostAsync(Path, """{"task_id":"1001","overlap":"queue"}""");
        var log = new AppliedLog(_state);
        var session = new OwnerSession(new NodeId(1), 7);
        log.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        foreach (var action in (ClaimAction[])[ClaimAction.Start, ClaimAction.Queue])
        {
            var claim = new ClaimRun
            {
                TaskId = 1001,
                Revision = Record.Revision,
                Action = action,
                ScheduledMs = Record.NextDueMs,
                NextDueMs = Record.NextDueMs + 3_600_000,
            };
            Assert.That(log.Apply(TaskCommands.EncodeClaims(session, Record.NextDueMs, [claim])).Code, Is.EqualTo(1));
        }

        var two = await _host.PostAsync(Path, """{"task_id":"1001","max_runs":2}""");
        var three = await _host.PostAsync(Path, """{"task_id":"1001","max_runs":3}""");

        Assert.That((two.Code, three.Code), Is.EqualTo((1000, 0)), "a third run would follow");
        Assert.That(two.Message, Does.Contain("must be more than the 2 runs"));
    }

    [Test]
    public async Task A_field_given_as_null_is_set_back_to_its_default()
    {
        var answer = await _host.PostAsync(Path, """
            {"task_id":"1001","name":null,"deadline":null,"overlap":null,"max_runs":null,"tags":null,"retry":null,
             "timezone":null,"callback":{"body":null,"headers":null,"timeout":null}}
            """);

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(Definition, Is.EqualTo(new TaskDefinition
        {
            Type = TaskType.Periodic,
            Format = "0 * * * *",
            Timezone = "Asia/Shanghai",
            Url = "http://a.test/x",
            TimeoutMs = 30_000,
            MaxAttempts = 5,
            MinBackoffMs = 1_000,
            MaxBackoffMs = 300_000,
        }));
        Assert.That(_state.FindByName("settle"), Is.Null);
    }

    [Test]
    public async Task A_new_expression_counts_from_now()
    {
        _host.Time.NowMs += 86_400_000;

        await _host.PostAsync(Path, """{"task_id":"1001","format":"30 * * * *"}""");

        Assert.That(Record.NextDueMs, Is.EqualTo(1_800_000_000_000 + 86_400_000 + 1_800_000));
    }

    [Test]
    public async Task A_new_expression_brings_its_own_zone_and_no_other_is_dropped_in_silence()
    {
        var brought = await _host.PostAsync(Path, """{"task_id":"1001","format":"TZ=Asia/Tokyo 0 * * * *"}""");
        var zone = Definition.Timezone;
        var other = await _host.PostAsync(Path, """{"task_id":"1001","timezone":"Europe/Berlin"}""");
        var both = await _host.PostAsync(
            Path, """{"task_id":"1001","format":"TZ=UTC 0 * * * *","timezone":"Europe/Berlin"}""");
        var same = await _host.PostAsync(Path, """{"task_id":"1001","timezone":"Asia/Tokyo","jitter":1}""");
        var reset = await _host.PostAsync(Path, """{"task_id":"1001","timezone":null,"jitter":2}""");
        var plain = await _host.PostAsync(Path, """{"task_id":"1001","format":"5 * * * *"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((brought.Code, zone), Is.EqualTo((0, "Asia/Tokyo")), brought.Text);
            Assert.That((other.Code, both.Code), Is.EqualTo((1000, 1000)), other.Text);
            Assert.That(other.Message, Does.Contain("format names Asia/Tokyo itself"));
            Assert.That((same.Code, reset.Code, plain.Code), Is.EqualTo((0, 0, 0)), reset.Text);
            Assert.That(Definition.Timezone, Is.EqualTo("Asia/Tokyo"), "it stays with a plain expression");
        }
    }

    [Test]
    public async Task A_due_time_that_is_overdue_is_not_lost_to_an_update_that_keeps_the_expression()
    {
        _host.Time.NowMs = 1_800_003_600_500;

        await _host.PostAsync(Path, """{"task_id":"1001","format":"0 * * * *","callback":{"url":"http://b.test"}}""");
        Assert.That(Record.NextDueMs, Is.EqualTo(1_800_003_600_000));
        await _host.PostAsync(Path, """{"task_id":"1001","end_at":"1900000000","jitter":0.1}""");

        Assert.That(Record.NextDueMs, Is.EqualTo(1_800_003_600_000));
        Assert.That(Record.NextDelayMs, Is.InRange(0, 100));
    }

    [Test]
    public async Task An_interval_counts_from_the_update_and_keeps_its_phase()
    {
        _host.Time.NowMs += 777;

        await _host.PostAsync(Path, """{"task_id":"1001","format":"@every 10s"}""");

        Assert.That(Record.NextDueMs, Is.EqualTo(_host.Time.NowMs + 10_000));
    }

    [Test]
    public async Task A_one_shot_is_moved_and_its_delay_counts_from_the_update()
    {
        _host.Time.NowMs += 60_000;
        var one = new TaskId(1002);

        await _host.PostAsync(Path, """{"task_id":"1002","callback":{"timeout":5}}""");
        Assert.That(_state.Find(one)!.NextDueMs, Is.EqualTo(1_800_001_800_250), "not moved");
        await _host.PostAsync(Path, """{"task_id":"1002","format":"+30m"}""");
        Assert.That(_state.Find(one)!.NextDueMs, Is.EqualTo(1_800_001_860_250));
        await _host.PostAsync(Path, """{"task_id":"1002","format":"1800009000"}""");
        Assert.That(_state.Find(one)!.NextDueMs, Is.EqualTo(1_800_009_000_000));
    }

    [Test]
    public async Task Jitter_moves_a_one_shot_that_is_to_come_and_wakes_none_that_is_over()
    {
        var one = new TaskId(1002);
        _host.Time.NowMs += 60_000;

        await _host.PostAsync(Path, """{"task_id":"1002","jitter":3600}""");
        var moved = _state.Find(one)!;
        Assert.That(moved.NextDueMs, Is.EqualTo(1_800_001_800_250));
        Assert.That(moved.NextDelayMs, Is.InRange(1, 3_600_000));
        _state.Apply(
            [new LogEntry(new LogIndex(1), new Term(1), EntryKind.Command, Skip(moved))], new ApplyResult[1]);
        Assert.That(_state.Find(one)!.Phase, Is.EqualTo(TaskPhase.Expired));
        var answer = await _host.PostAsync(Path, """{"task_id":"1002","jitter":5}""");

        Assert.That(answer.Code, Is.Zero);
        Assert.That(_state.Find(one)!.Phase, Is.EqualTo(TaskPhase.Expired));
    }

    [Test]
    public async Task Renaming_needs_the_id_and_a_free_name()
    {
        var taken = await _host.PostAsync(Path, """{"task_id":"1002","name":"settle"}""");
        var renamed = await _host.PostAsync(Path, """{"task_id":"1001","name":"settled"}""");
        var free = await _host.PostAsync(Path, """{"task_id":"1002","name":"settle"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((taken.Code, taken.Status), Is.EqualTo((1040, 409)));
            Assert.That(taken.Message, Does.Contain("1001"));
            Assert.That(renamed.Code, Is.Zero);
            Assert.That(free.Code, Is.Zero);
            Assert.That(_state.FindByName("settled")!.Id.Value, Is.EqualTo(1001));
            Assert.That(_state.FindByName("settle")!.Id.Value, Is.EqualTo(1002));
        }
    }

    [Test]
    public async Task What_changes_nothing_is_not_written()
    {
        var writes = _host.Gateway.Submitted.Count;

        var answer = await _host.PostAsync(Path, """{"task_id":"1001","callback":{"url":"http://a.test/x"}}""");

        Assert.That(answer.Code, Is.Zero);
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(writes));
    }

    [TestCase(Path, """{"name":"settle","jitter":1}""")]
    [TestCase("/xcron/resumeTask", """{"name":"settle"}""")]
    [TestCase("/xcron/import?dry_run=true", "{}")]
    [TestCase("/xcron/createTask", TooLate)]
    public async Task A_write_that_cannot_look_first_says_that_nothing_was_written(string path, string body)
    {
        _host.Time.NowMs += 86_400_000;
        _host.Gateway.HasBarrier = false;
        var writes = _host.Gateway.Submitted.Count;

        var answer = await _host.PostAsync(path, body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(1050));
            Assert.That(answer.Message, Does.Contain("nothing was written").And.Not.Contain("stale"));
            Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(writes));
        }
    }

    [Test]
    public async Task An_update_that_no_majority_acknowledged_says_that_its_outcome_is_unknown()
    {
        _host.Gateway.Ending = new ProposeOutcome.Unknown();

        var answer = await _host.PostAsync(Path, """{"name":"settle","jitter":1}""");

        Assert.That(answer.Code, Is.EqualTo(1050));
        Assert.That(answer.Message, Does.Contain("the outcome is unknown").And.Not.Contain("stale"));
    }

    [Test]
    public async Task A_created_task_and_one_updated_to_the_same_are_the_same_under_the_name()
    {
        await _host.PostAsync(Path, """{"task_id":"1002","name":"once","callback":{"timeout":5}}""");

        var created = await _host.PostAsync("/xcron/createTask", """
            {"type":2,"format":"+30m","name":"once","callback":{"url":"http://a.test/x","timeout":5}}
            """);

        Assert.That(created.Data.GetRawText(), Is.EqualTo("""{"task_id":"1002","existing":true}"""));
    }

    /// <summary>Its owner passes over its only due time.</summary>
    private byte[] Skip(TaskRecord record)
    {
        var owner = new OwnerSession(new NodeId(1), 7);
        var assign = TaskCommands.EncodeAssign(_state.Ownership.Epoch, [(ShardId.Of(record.Id), owner)]);
        _state.Apply([new LogEntry(new LogIndex(1), new Term(1), EntryKind.Command, assign)], new ApplyResult[1]);
        return TaskCommands.EncodeClaims(owner, record.NextRunMs, [new ClaimRun
        {
            TaskId = record.Id.Value,
            Revision = record.Revision,
            Action = ClaimAction.SkipDue,
            ScheduledMs = record.NextDueMs,
            Reason = SkipReason.Deadline,
        }]);
    }

    [TestCase("""{"task_id":"1001"}""", 1000, "no field to change is given")]
    [TestCase("""{"name":"settle"}""", 1000, "no field to change is given")]
    [TestCase("""{"deadline":5}""", 1000, "task_id or name is missing")]
    [TestCase("""{"task_id":"1001","type":2}""", 1000, "type cannot be changed")]
    [TestCase("""{"task_id":"1001","format":"1800009000"}""", 1000, "type cannot be changed")]
    [TestCase("""{"task_id":"1002","format":"0 * * * *"}""", 1001, "10 digits")]
    [TestCase("""{"task_id":"1002","format":"1700009000"}""", 1002, "in the past")]
    [TestCase("""{"task_id":"1002","overlap":"allow"}""", 1000, "overlap is given, and a one-shot")]
    [TestCase("""{"task_id":"1001","format":null}""", 1000, "format is null; must be")]
    [TestCase("""{"task_id":"1001","callback":{"url":null}}""", 1000, "callback.url is null")]
    [TestCase("""{"task_id":"1001","callback":{"url":"x"}}""", 1003, "http://")]
    [TestCase("""{"task_id":"1001","callback":{"method":"GET"}}""", 1000, "a GET callback has none")]
    [TestCase("""{"task_id":"1001","retry":{"max_backoff":0.5}}""", 1000, "less than retry.min_backoff")]
    [TestCase("""{"task_id":"1001","paused":true}""", 1000, "pauseTask and resumeTask")]
    [TestCase("""{"task_id":"1001","paused":null}""", 1000, "pauseTask and resumeTask")]
    [TestCase("""{"task_id":"1001","paused":"yes"}""", 1000, "pauseTask and resumeTask")]
    [TestCase("""{"task_id":"1001","zzzzzzzzzz":1}""", 1000, "start_at, end_at, max_runs, task_id")]
    [TestCase("""{"task_id":"1001","end_at":"1700000000"}""", 1000, "has passed")]
    [TestCase("""{"task_id":"1001","end_at":"1800000100"}""", 1010, "lies before end_at")]
    [TestCase("""{"task_id":"1001","dead_line":1}""", 1000, "did you mean \"deadline\"?")]
    [TestCase("""{"task_id":"7","deadline":1}""", 1030, "no task 7")]
    [TestCase("""{"task_id":"x","deadline":1}""", 1000, "task_id is \"x\"; must be")]
    public async Task A_bad_update_is_refused_and_changes_nothing(string body, int code, string inMessage)
    {
        var before = _state.StateHash();

        var answer = await _host.PostAsync(Path, body);

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(answer.Message, Does.Contain(inMessage));
        Assert.That(_state.StateHash(), Is.EqualTo(before));
    }
}
