using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class QueryTaskEndpointTests
{
    private const string Path = "/xcron/queryTask";

    private ApiHost _host = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        _host = new ApiHost();
        await _host.PostAsync("/xcron/createTask", """
            {
              "type": 1, "format": "0 1 * * *", "name": "settle", "timezone": "Asia/Shanghai", "misfire": "skip",
              "retry": {"max_attempts": 3, "min_backoff": 0.5},
              "tags": {"b": "2", "a": "1"},
              "callback": {"url": "http://a.test/x", "method": "PATCH", "timeout": 2.5,
                           "headers": {"X-One": "1", "X-Two": "\"2\""}, "body": {"z":1.50, "a":"é"}}
            }
            """);
    }

    private TaskRecord Record => _host.Tasks.Find(new TaskId(1001))!;

    [TestCase("?task_id=1001")]
    [TestCase("?name=settle")]
    [TestCase("?name=settle&consistency=linearizable")]
    public async Task A_task_is_shown_with_every_option(string query)
    {
        var answer = await _host.GetAsync(Path + query);

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""
            {"task_id":"1001","create_time":"1800000000.250","type":1,"format":"0 1 * * *","state":"scheduled",
            "run_count":0,"fail_count":0,"next_run_time":"1800032400","callback":{"url":"http://a.test/x",
            "method":"PATCH","body":{"z":1.50, "a":"é"},"headers":{"X-One":"1","X-Two":"\"2\""},"timeout":2.5},
            "name":"settle","timezone":"Asia/Shanghai","misfire":"skip","overlap":"queue","retry":{"max_attempts":3,
            "min_backoff":0.5,"max_backoff":300},"tags":{"a":"1","b":"2"},"last_run":null,
            "owner":"10.0.0.1:8899"}
            """.ReplaceLineEndings("")));
        Assert.That(_host.Gateway.Barriers, Is.EqualTo(1));
    }

    [Test]
    public async Task A_plain_one_shot_is_shown_with_the_defaults()
    {
        await _host.PostAsync(
            "/xcron/createTask", """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""");

        var answer = await _host.GetAsync(Path + "?task_id=1002");

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""
            {"task_id":"1002","create_time":"1800000000.250","type":2,"format":"+30m","state":"scheduled",
            "run_count":0,"fail_count":0,"next_run_time":"1800001800.250","callback":{"url":"http://a.test/x",
            "method":"POST","body":{},"timeout":30},"retry":{"max_attempts":5,"min_backoff":1,
            "max_backoff":300},"last_run":null,"owner":"10.0.0.1:8899"}
            """.ReplaceLineEndings("")));
    }

    [Test]
    public async Task A_GET_callback_is_shown_without_a_body()
    {
        await _host.PostAsync(
            "/xcron/createTask", """{"type":2,"format":"+30m","callback":{"url":"http://a.test","method":"GET"}}""");

        var answer = await _host.GetAsync(Path + "?task_id=1002");

        Assert.That(
            answer.Data.GetProperty("callback").GetRawText(),
            Is.EqualTo("""{"url":"http://a.test","method":"GET","timeout":30}"""));
    }

    [Test]
    public async Task The_last_run_is_shown()
    {
        _host.Tasks.Put(Record with
        {
            RunCount = 4,
            FailCount = 1,
            LastRun = new FinishedRun
            {
                Sequence = 4,
                ScheduledMs = 1_799_946_000_000,
                Attempt = 3,
                Status = RunStatus.Failed,
                HttpStatus = 503,
                Error = "503 \"busy\"",
                StartMs = 1_799_946_000_002,
                EndMs = 1_799_946_000_500,
                NodeId = 2,
            },
        });

        var data = (await _host.GetAsync(Path + "?task_id=1001")).Data;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(data.GetProperty("run_count").GetInt32(), Is.EqualTo(4));
            Assert.That(data.GetProperty("fail_count").GetInt32(), Is.EqualTo(1));
            Assert.That(data.GetProperty("last_run").GetRawText(), Is.EqualTo("""
            {"run_id":"1001-4","scheduled_time":"1799946000","start_time":"1799946000.002",
            "end_time":"1799946000.500","attempt":3,"status":"failed","http_status":503,"error":"503 \"busy\"",
            "node":"10.0.0.2:8899"}
            """.ReplaceLineEndings("")));
        }
    }

    [Test]
    public async Task What_is_not_known_of_a_run_is_null()
    {
        _host.Tasks.Put(Record with
        {
            LastRun = new FinishedRun
            {
                Sequence = 1, ScheduledMs = 5_000, Attempt = 0, Status = RunStatus.Skipped, NodeId = 9,
            },
        });

        var data = (await _host.GetAsync(Path + "?task_id=1001")).Data;

        Assert.That(data.GetProperty("last_run").GetRawText(), Is.EqualTo("""
            {"run_id":"1001-1","scheduled_time":"5","start_time":null,"end_time":null,"attempt":0,
            "status":"skipped","http_status":null,"error":null,"node":"0000000000000009"}
            """.ReplaceLineEndings("")));
    }

    [TestCase(TaskPhase.Scheduled, false, "scheduled")]
    [TestCase(TaskPhase.Scheduled, true, "running")]
    [TestCase(TaskPhase.Paused, false, "paused")]
    [TestCase(TaskPhase.Completed, false, "completed")]
    [TestCase(TaskPhase.Failed, false, "failed")]
    [TestCase(TaskPhase.Expired, false, "expired")]
    public async Task The_state_has_a_name(object phase, bool isRunning, string state)
    {
        var run = isRunning ? new OpenRun { Sequence = 1, ScheduledMs = 1, Attempt = 1, RetryAtMs = 9 } : null;
        _host.Tasks.Put(Record with { Phase = (TaskPhase)phase, Run = run });

        var data = (await _host.GetAsync(Path + "?task_id=1001")).Data;

        Assert.That(data.GetProperty("state").GetString(), Is.EqualTo(state));
        var hasOwner = data.GetProperty("owner").GetString() is not null;
        Assert.That(hasOwner, Is.EqualTo(state is not ("completed" or "failed" or "expired")));
    }

    [Test]
    public async Task The_next_run_is_the_one_that_waits_and_none_while_paused()
    {
        _host.Tasks.Put(Record with { QueuedDueMs = 7_000 });
        var queued = await _host.GetAsync(Path + "?task_id=1001");
        _host.Tasks.Put(Record with { Phase = TaskPhase.Paused });
        var paused = await _host.GetAsync(Path + "?task_id=1001");

        Assert.That(queued.Data.GetProperty("next_run_time").GetString(), Is.EqualTo("7"));
        Assert.That(paused.Data.GetProperty("next_run_time").GetString(), Is.Null);
    }

    [Test]
    public async Task An_owner_that_is_no_member_is_shown_by_its_id_and_none_as_null()
    {
        _host.Tasks.Owner = new OwnerSession(new NodeId(0xAB), 1);
        var stranger = await _host.GetAsync(Path + "?task_id=1001");
        _host.Tasks.Owner = OwnerSession.None;
        var nobody = await _host.GetAsync(Path + "?task_id=1001");

        Assert.That(stranger.Data.GetProperty("owner").GetString(), Is.EqualTo("00000000000000ab"));
        Assert.That(nobody.Data.GetProperty("owner").GetString(), Is.Null);
    }

    [Test]
    public async Task Without_a_barrier_only_a_stale_read_is_answered()
    {
        _host.Gateway.HasBarrier = false;

        var linearizable = await _host.GetAsync(Path + "?task_id=1001");
        var stale = await _host.GetAsync(Path + "?task_id=1001&consistency=stale");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(linearizable.Code, Is.EqualTo(1050));
            Assert.That(linearizable.Status, Is.EqualTo(503));
            Assert.That(stale.Code, Is.Zero);
            Assert.That(_host.Gateway.Barriers, Is.EqualTo(1));
        }
    }

    [TestCase("", 1000, "task_id or name is missing")]
    [TestCase("?", 1000, "task_id or name is missing")]
    [TestCase("?task_id=1001&name=settle", 1000, "both given")]
    [TestCase("?task_id=", 1000, "task_id is \"\"; must be")]
    [TestCase("?task_id=x", 1000, "task_id is \"x\"; must be")]
    [TestCase("?task_id=1&task_id=2", 1000, "\"task_id\" is given twice")]
    [TestCase("?taskid=1001", 1000, "did you mean \"task_id\"?")]
    [TestCase("?id=1001", 1000, "unknown query parameter \"id\"")]
    [TestCase("?task_id=1001&verbose=1", 1000, "unknown query parameter \"verbose\"")]
    [TestCase("?task_id=1001&consistency=weak", 1000, "consistency is \"weak\"; must be")]
    [TestCase("?name=a%20b", 1000, "name is \"a b\"; must be")]
    [TestCase("?task_id=77", 1030, "no task 77")]
    [TestCase("?name=nobody", 1030, "no task named \"nobody\"")]
    public async Task A_bad_query_is_refused(string query, int code, string inMessage)
    {
        var answer = await _host.GetAsync(Path + query);

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(answer.Message, Does.Contain(inMessage));
    }
}
