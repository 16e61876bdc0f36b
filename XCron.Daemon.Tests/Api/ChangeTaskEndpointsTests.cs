using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>pauseTask, resumeTask, runTask and listRuns, on the real state.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ChangeTaskEndpointsTests
{
    private const string ById = """{"task_id":"1001"}""";
    private static readonly OwnerSession Node = new(new NodeId(1), 7);
    private readonly SchedulerState _state = new();
    private readonly ApiHost _host;

    public ChangeTaskEndpointsTests() => _host = new ApiHost(state: _state);

    [Test]
    public async Task A_paused_task_says_so_and_keeps_its_options_and_a_resumed_one_goes_on()
    {
        await CreateAsync("\"name\":\"nightly\"");

        var paused = await _host.PostAsync("/xcron/pauseTask", """{"name":"nightly"}""");
        var query = await _host.GetAsync("/xcron/queryTask?task_id=1001");
        var resumed = await _host.PostAsync("/xcron/resumeTask", ById);
        var after = await _host.GetAsync("/xcron/queryTask?task_id=1001");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(paused.Data.GetRawText(), Is.EqualTo(ById));
            Assert.That(query.Data.GetProperty("state").GetString(), Is.EqualTo("paused"));
            Assert.That(query.Data.GetProperty("paused").GetBoolean(), Is.True);
            Assert.That(query.Data.GetProperty("next_run_time").GetString(), Is.Null);
            Assert.That(resumed.Data.GetRawText(), Is.EqualTo(ById));
            Assert.That(after.Data.GetProperty("state").GetString(), Is.EqualTo("scheduled"));
            Assert.That(after.Data.GetProperty("next_run_time").GetString(), Is.EqualTo("1800003600"));
        }
    }

    [Test]
    public async Task Due_times_that_passed_while_paused_are_left_to_the_misfire_rule()
    {
        await CreateAsync("\"paused\":true");
        _host.Time.NowMs += 86_400_000;

        await _host.PostAsync("/xcron/resumeTask", ById);

        Assert.That(Record.WakeAtMs(Node), Is.EqualTo(1_800_003_600_000), "the first that was missed");
    }

    [Test]
    public async Task With_misfire_skip_they_are_passed_over_at_once_and_recorded()
    {
        await CreateAsync("\"paused\":true,\"misfire\":\"skip\"");
        _host.Time.NowMs = 1_800_010_801_000;

        await _host.PostAsync("/xcron/resumeTask", ById);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Record.NextDueMs, Is.EqualTo(1_800_014_400_000));
            Assert.That(Record.MissedCount, Is.EqualTo(3));
            var runs = (await _host.GetAsync("/xcron/listRuns?task_id=1001")).Data.GetProperty("runs");
            Assert.That(runs[0].GetProperty("status").GetString(), Is.EqualTo("skipped"));
            Assert.That(runs[0].GetProperty("run_id").GetString(), Is.Null);
        }
    }

    [Test]
    public async Task What_the_state_does_not_allow_is_answered_with_1040_and_why()
    {
        await CreateAsync();

        var resume = await _host.PostAsync("/xcron/resumeTask", ById);
        await _host.PostAsync("/xcron/pauseTask", ById);
        var again = await _host.PostAsync("/xcron/pauseTask", ById);
        var unknown = await _host.PostAsync("/xcron/pauseTask", """{"task_id":"7"}""");
        var nobody = await _host.PostAsync("/xcron/resumeTask", """{"name":"nobody"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((resume.Code, resume.Status), Is.EqualTo((1040, 409)));
            Assert.That(resume.Message, Does.Contain("not paused"));
            Assert.That(again.Code, Is.EqualTo(1040));
            Assert.That(again.Message, Does.Contain("paused already"));
            Assert.That(unknown.Code, Is.EqualTo(1030));
            Assert.That(nobody.Code, Is.EqualTo(1030));
        }
    }

    [Test]
    public async Task A_run_by_hand_answers_its_run_id_and_is_listed_as_running_then_as_ended()
    {
        await CreateAsync();
        Own();

        var run = await _host.PostAsync(
            "/xcron/runTask", """{"task_id":"1001","scheduled_time":"1799996400"}""");
        var running = await _host.GetAsync("/xcron/listRuns?task_id=1001");
        var again = await _host.PostAsync("/xcron/runTask", ById);
        Finish();
        var ended = await _host.GetAsync("/xcron/listRuns?task_id=1001&consistency=stale");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","run_id":"1001-1"}"""));
            Assert.That(running.Data.GetRawText(), Is.EqualTo("""
                {"runs":[{"run_id":"1001-1","scheduled_time":"1799996400","start_time":"1800000000.250",
                "end_time":null,"attempt":1,"status":"running","http_status":null,"error":null,
                "node":"10.0.0.1:8899"}]}
                """.ReplaceLineEndings("")));
            Assert.That(again.Code, Is.EqualTo(1040));
            Assert.That(again.Message, Does.Contain("overlap"));
            Assert.That(ended.Data.GetRawText(), Is.EqualTo("""
                {"runs":[{"run_id":"1001-1","scheduled_time":"1799996400","start_time":"1800000001",
                "end_time":"1800000002","attempt":1,"status":"failed","http_status":500,"error":"500",
                "node":"10.0.0.1:8899"}]}
                """.ReplaceLineEndings("")));
        }
    }

    [Test]
    public async Task Without_an_owner_a_run_by_hand_is_to_be_tried_again()
    {
        await CreateAsync();

        var answer = await _host.PostAsync("/xcron/runTask", ById);

        Assert.That((answer.Code, answer.Status), Is.EqualTo((1050, 503)));
        Assert.That(answer.Message, Does.Contain("no node that is up"));
    }

    [TestCase("/xcron/pauseTask", "{}", "task_id or name is missing")]
    [TestCase("/xcron/pauseTask", """{"task_id":"1001","name":"x"}""", "both given")]
    [TestCase("/xcron/pauseTask", """{"task_id":1001}""", "task_id is 1001; must be")]
    [TestCase("/xcron/pauseTask", """{"task_id":"1001","scheduled_time":"1"}""", "unknown field \"scheduled_time\"")]
    [TestCase("/xcron/resumeTask", "[]", "the body is an array")]
    [TestCase("/xcron/runTask", """{"task_id":"1001","scheduled_time":1}""", "scheduled_time is 1; must be a string")]
    [TestCase("/xcron/runTask", """{"task_id":"1001","scheduled_time":"x"}""", "scheduled_time is \"x\"")]
    [TestCase("/xcron/runTask", """{"task_id":"1001","scheduled_time":"1800000001"}""", "must not be later than now")]
    public async Task A_bad_request_is_refused(string path, string body, string inMessage)
    {
        var answer = await _host.PostAsync(path, body);

        Assert.That(answer.Code, Is.EqualTo(1000));
        Assert.That(answer.Message, Does.Contain(inMessage));
    }

    [Test]
    public async Task A_resume_is_computed_anew_where_the_task_changed_meanwhile_and_not_for_ever()
    {
        await CreateAsync("\"paused\":true");
        _host.Gateway.Ending = new ProposeOutcome.Applied(new LogIndex(9), new Term(1), new ApplyResult(4));

        var answer = await _host.PostAsync("/xcron/resumeTask", ById);

        Assert.That(answer.Code, Is.EqualTo(1040));
        Assert.That(answer.Message, Does.Contain("went on changing"));
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(1 + 8));
    }

    private TaskRecord Record => _state.Find(new TaskId(1001))!;

    private async Task CreateAsync(string? more = null)
    {
        var answer = await _host.PostAsync("/xcron/createTask", $$"""
            {"type":1,"format":"0 * * * *","timezone":"UTC","callback":{"url":"http://a.test/x"}{{(
                more is null ? "" : "," + more)}}}
            """);
        Assert.That(answer.Code, Is.Zero, answer.Text);
    }

    private void Own() => Apply(TaskCommands.EncodeAssign(0, [(ShardId.Of(new TaskId(1001)), Node)]));

    private void Finish() => Apply(TaskCommands.EncodeFinish(Node, [new FinishAttempt
    {
        TaskId = 1001,
        RunSequence = 1,
        Attempt = 1,
        Outcome = AttemptOutcome.Failed,
        HttpStatus = 500,
        Error = "500",
        StartMs = 1_800_000_001_000,
        EndMs = 1_800_000_002_000,
    }]));

    private void Apply(byte[] command)
    {
        var entry = new LogEntry(new LogIndex(1), new Term(1), EntryKind.Command, command);
        _state.Apply([entry], new ApplyResult[1]);
    }
}
