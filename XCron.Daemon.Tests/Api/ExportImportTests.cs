using System.Text;
using System.Text.Json;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>What one cluster writes another takes over, and the same again changes nothing.</summary>
internal sealed class ExportImportTests
{
    /// <summary>Between them they have every field that createTask takes.</summary>
    private static readonly string[] Creates =
    [
        """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""",
        """{"type":2,"format":"1800000100","name":"pay","callback":{"url":"http://a.test/x","body":{}}}""",
        """
        {
          "type": 1, "format": "0 1 * * *", "name": "settle", "timezone": "Asia/Tokyo", "misfire": "skip",
          "retry": {"max_attempts": 3, "min_backoff": 0.5, "max_backoff": 7.25}, "tags": {"b": "2", "a": "é漢"},
          "callback": {"url": "http://a.test/x", "method": "PATCH", "timeout": 2.5,
                       "headers": {"X-One": "1", "X-Two": "\"2\""}, "body": {"z":1.50,
                         "a":"é\u0041",	"n":12345678901234567890}}
        }
        """,
        """
        {
          "type": 1, "format": "CRON_TZ=Europe/Berlin 0 1 * * *", "misfire": "fire_all",
          "callback": {"url": "http://a.test", "method": "GET"}
        }
        """,
        """
        {
          "type": 1, "format": "*/10 * * * *", "timezone": "UTC", "overlap": "allow", "jitter": 300, "deadline": 900.5,
          "start_at": "1900000000", "end_at": "1950000000.5", "max_runs": 3, "paused": true, "misfire": "fire_all",
          "callback": {"url": "http://a.test/x"}
        }
        """,
        """{"type":1,"format":"@every 90s","jitter":60,"callback":{"url":"http://a.test/x"}}""",
        """{"type":2,"format":"+1h","jitter":3600,"paused":true,"callback":{"url":"http://a.test/x"}}""",
    ];

    private const int CreatedPaused = 2;

    private const string OpenRunLine =
        """{"task_id":"1","run_sequence":1,"task":{"type":2,"format":"+1s","callback":{"url":"http://a.test"}},""" +
        "\"open_runs\":[{\"";

    private SchedulerState _state = null!;
    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => (_state, _host) = NewHost();

    [Test]
    public async Task A_cluster_s_export_makes_the_same_tasks_in_another()
    {
        await CreateAllAsync();
        var export = await ExportAsync(_host);
        var (otherState, other) = NewHost();
        other.Time.NowMs += 86_400_000;

        var import = await other.PostAsync("/xcron/import", export);

        Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(Creates.Length), import.Text);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(import.Data.GetProperty("failed").GetInt32(), Is.Zero, import.Text);
            foreach (var before in AllOf(_state))
            {
                var after = otherState.Find(before.Id)!;
                Assert.That(after.Definition, Is.EqualTo(before.Definition), $"{before.Id}");
                Assert.That(
                    after with { Definition = before.Definition, CreatedBy = before.CreatedBy }, Is.EqualTo(before));
            }

            Assert.That(await ExportAsync(other), Is.EqualTo(export));
        }
    }

    [Test]
    public async Task Every_field_of_a_create_is_in_the_sample_and_in_its_line()
    {
        await CreateAllAsync();
        var lines = (await ExportAsync(_host)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("task")).ToArray();

        var names = lines.SelectMany(NamesOf).ToHashSet();

        string[] expected =
        [
            .. CreateFields.Task.Names, .. CreateFields.InCallback.Names.Select(name => $"callback.{name}"),
            .. CreateFields.InRetry.Names.Select(name => $"retry.{name}"),
        ];
        Assert.That(names, Is.SupersetOf(expected));
    }

    [Test]
    public async Task The_same_import_again_changes_nothing()
    {
        await CreateAllAsync();
        var export = await ExportAsync(_host);
        var hash = _state.StateHash();

        var import = await _host.PostAsync("/xcron/import", export);

        Assert.That(
            import.Data.GetRawText(),
            Is.EqualTo("""
                {"dry_run":false,"lines":7,"created":0,"unchanged":7,"finished":0,"failed":0,"errors":[]}
                """.Trim()));
        Assert.That(_state.StateHash(), Is.EqualTo(hash));
    }

    [Test]
    public async Task An_import_overwrites_neither_a_task_nor_a_name()
    {
        await CreateAllAsync();
        var taken = await ExportAsync(_host);
        var otherContent = taken.Replace("http://a.test", "http://b.test");
        var otherIds = taken.Replace("\"task_id\":\"10", "\"task_id\":\"20");

        var content = await _host.PostAsync("/xcron/import", otherContent);
        var names = await _host.PostAsync("/xcron/import", otherIds);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(CodesOf(content), Is.EqualTo(Enumerable.Repeat(1040, Creates.Length)));
            Assert.That(CodesOf(names), Is.EqualTo((int[])[1040, 1040]), "the two that have a name");
            Assert.That(names.Data.GetProperty("created").GetInt32(), Is.EqualTo(Creates.Length - 2));
        }
    }

    [Test]
    public async Task A_dry_run_says_what_would_happen_and_writes_nothing()
    {
        await CreateAllAsync();
        var export = await ExportAsync(_host);
        var (otherState, other) = NewHost();
        await other.PostAsync("/xcron/createTask", Creates[1]);
        var submitted = other.Gateway.Submitted.Count;

        var import = await other.PostAsync("/xcron/import?dry_run=true", export);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(import.Data.GetProperty("dry_run").GetBoolean());
            Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(Creates.Length - 2));
            Assert.That(CodesOf(import), Is.EqualTo((int[])[1040, 1040]), "one's id is taken, and one's name");
            Assert.That(other.Gateway.Submitted, Has.Count.EqualTo(submitted));
            Assert.That(AllOf(otherState).Count(), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task A_run_under_way_is_made_again_under_its_run_id_and_a_pause_is_kept()
    {
        await CreateAllAsync();
        var log = new AppliedLog(_state);
        var session = new OwnerSession(new NodeId(1), 7);
        log.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        Claim(log, session, 1003, Find(1003).NextDueMs + 1);
        Finish(log, session, 1003, AttemptOutcome.Failed, pause: true);
        Claim(log, session, 1004, Find(1004).NextDueMs + 1);
        Finish(log, session, 1004, AttemptOutcome.Succeeded);
        Claim(log, session, 1004, Find(1004).NextDueMs + 1);
        Claim(log, session, 1001, 0);
        Claim(log, session, 1002, 0);
        Finish(log, session, 1002, AttemptOutcome.Succeeded);
        var (otherState, other) = NewHost();

        var import = await other.PostAsync("/xcron/import", await ExportAsync(_host));

        Assert.That(import.Data.GetProperty("finished").GetInt32(), Is.EqualTo(1), import.Text);
        var (oneShot, paused, running) =
            (Of(otherState, 1001), Of(otherState, 1003), Of(otherState, 1004));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(otherState.Find(new TaskId(1002)), Is.Null, "it is over");
            Assert.That((oneShot.NextDueMs, oneShot.RunSequence), Is.EqualTo((0L, 1L)));
            Assert.That(oneShot.Run!.ScheduledMs, Is.EqualTo(Find(1001).Run!.ScheduledMs));
            Assert.That(oneShot.Run.Sequence, Is.EqualTo(1));
            Assert.That(paused.Phase, Is.EqualTo(TaskPhase.Paused));
            Assert.That((paused.RunCount, paused.FailCount), Is.EqualTo((1L, 1L)));
            Assert.That((running.NextDueMs, running.RunSequence), Is.EqualTo((Find(1004).NextDueMs, 2L)));
            Assert.That(running.Run!.ScheduledMs, Is.EqualTo(Find(1004).Run!.ScheduledMs));
            Assert.That(running.Run.Sequence, Is.EqualTo(2));
            Assert.That(running.WakeAtMs(session), Is.EqualTo(1), "at once, before anything that is due");
            Assert.That(otherState.Counters.Paused, Is.EqualTo(1 + CreatedPaused));
        }
    }

    [Test]
    public async Task Several_open_runs_each_keep_their_number_and_due_time_and_the_next_one_is_above_them()
    {
        await CreateAllAsync();
        var log = new AppliedLog(_state);
        var session = new OwnerSession(new NodeId(1), 7);
        log.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        await _host.PostAsync("/xcron/resumeTask", """{"task_id":"1005"}""");
        RunByHand(log, 1005);
        Finish(log, session, 1005, AttemptOutcome.Succeeded);
        var firstMs = Find(1005).NextDueMs;
        Claim(log, session, 1005, firstMs + 600_000);
        Claim(log, session, 1005, firstMs + 1_200_000, ClaimAction.StartBeside);
        Finish(log, session, 1005, AttemptOutcome.Failed, retryAtMs: firstMs + 700_250);
        RunByHand(log, 1005);
        RunByHand(log, 1004);
        var (otherState, other) = NewHost();
        var export = await ExportAsync(_host);

        var import = await other.PostAsync("/xcron/import", export);
        var again = await other.PostAsync("/xcron/import", export);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(CodesOf(import), Is.Empty, import.Text);
            Assert.That(again.Data.GetProperty("unchanged").GetInt32(), Is.EqualTo(Creates.Length));
            Assert.That(Find(1005).Runs!.Count, Is.EqualTo(3));
            foreach (var id in (long[])[1004, 1005])
                AssertSameButForWhoHasIt(Of(otherState, id), Find(id));
            Assert.That(await ExportAsync(other), Is.EqualTo(export), "nothing of it is lost on the way");
        }

        var assigned = new AppliedLog(otherState);
        assigned.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        Claim(assigned, session, Of(otherState, 1005), firstMs + 1_800_000, ClaimAction.StartBeside);
        Assert.That(Of(otherState, 1005).Run!.Sequence, Is.EqualTo(Find(1005).RunSequence + 1));
    }

    [Test]
    public async Task A_due_time_that_waits_for_the_run_waits_for_it_where_it_is_imported()
    {
        await CreateAllAsync();
        var log = new AppliedLog(_state);
        var session = new OwnerSession(new NodeId(1), 7);
        log.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        var firstMs = Find(1006).NextDueMs;
        Claim(log, session, 1006, firstMs + 90_000);
        Claim(log, session, 1006, firstMs + 180_000, ClaimAction.Queue);
        var (otherState, other) = NewHost();
        var export = await ExportAsync(_host);

        await other.PostAsync("/xcron/import", export);

        AssertSameButForWhoHasIt(Of(otherState, 1006), Find(1006));
        Assert.That(Of(otherState, 1006).QueuedDueMs, Is.EqualTo(firstMs + 90_000));
        Assert.That(await ExportAsync(other), Is.EqualTo(export));
    }

    [Test]
    public async Task A_line_of_a_former_version_has_its_run_made_again_as_its_first_due_time()
    {
        await _host.PostAsync("/xcron/import", """
            {"task_id":"7","due_time":"1800000000","run_sequence":4,"task":{"type":2,"format":"+1h",
             "callback":{"url":"http://a.test"}}}
            """.ReplaceLineEndings(""));

        Assert.That((Find(7).NextDueMs, Find(7).RunSequence), Is.EqualTo((1_800_000_000_000, 4L)));
        Assert.That(Find(7).Runs, Is.Null);
    }

    [Test]
    public async Task A_task_that_is_over_but_for_a_run_by_hand_has_that_run_made_again()
    {
        await CreateAllAsync();
        var log = new AppliedLog(_state);
        var session = new OwnerSession(new NodeId(1), 7);
        log.Apply(TaskCommands.EncodeAssign(
            0, Enumerable.Range(0, ShardId.Count).Select(shard => (new ShardId(shard), session))));
        Claim(log, session, 1002, 0);
        Finish(log, session, 1002, AttemptOutcome.Failed);
        RunByHand(log, 1002);
        var (otherState, other) = NewHost();

        await other.PostAsync("/xcron/import", await ExportAsync(_host));

        Assert.That(Find(1002).Run!.IsByHand);
        AssertSameButForWhoHasIt(Of(otherState, 1002), Find(1002));
    }

    [Test]
    public async Task An_export_of_a_task_beyond_its_end_is_taken_with_its_due_time()
    {
        await CreateAllAsync();
        var (otherState, other) = NewHost();
        other.Time.NowMs = 1_960_000_000_000;

        var import = await other.PostAsync("/xcron/import", await ExportAsync(_host));

        Assert.That(CodesOf(import), Is.Empty, import.Text);
        Assert.That(Of(otherState, 1005).NextDueMs, Is.EqualTo(Find(1005).NextDueMs));
        Assert.That(Of(otherState, 1005).NextDelayMs, Is.EqualTo(Find(1005).NextDelayMs));
    }

    [Test]
    public async Task A_due_time_behind_the_last_10_digit_timestamp_is_taken_as_it_was_written()
    {
        await _host.PostAsync("/xcron/createTask", """
            {"type":1,"format":"@every 876000h","start_at":"9999999999","callback":{"url":"http://a.test"}}
            """);
        var (otherState, other) = NewHost();

        var import = await other.PostAsync("/xcron/import", await ExportAsync(_host));

        Assert.That(CodesOf(import), Is.Empty, import.Text);
        Assert.That(Of(otherState, 1001).NextDueMs, Is.EqualTo(Find(1001).NextDueMs));
        Assert.That(Find(1001).NextDueMs, Is.GreaterThan(9_999_999_999_999));
    }

    [Test]
    public async Task A_line_by_hand_is_paused_by_its_task_or_by_its_state()
    {
        const string Task = """{"type":2,"format":"+1h","paused":true,"callback":{"url":"http://a.test"}}""";

        await _host.PostAsync("/xcron/import", $$"""
            {"task_id":"7","task":{{Task}} }
            {"task_id":"8","state":"scheduled","task":{{Task}} }
            """);

        Assert.That(Find(7).Phase, Is.EqualTo(TaskPhase.Paused));
        Assert.That(Find(8).Phase, Is.EqualTo(TaskPhase.Scheduled));
    }

    [TestCase("{", 1000, "not JSON")]
    [TestCase("[]", 1000, "must be a JSON object")]
    [TestCase("{}", 1000, "\"task_id\" is missing")]
    [TestCase("""{"task_id":"1"}""", 1000, "\"task\" is missing")]
    [TestCase("""{"task_id":1,"task":{}}""", 1000, "task_id is 1")]
    [TestCase("""{"task_id":"0","task":{}}""", 1000, "task_id is \"0\"; must be")]
    [TestCase("""{"task_id":"1","task":{"type":3}}""", 1020, "type is 3")]
    [TestCase("""{"task_id":"1","taks":{}}""", 1000, "did you mean \"task\"")]
    [TestCase("""{"task_id":"1","state":"gone","task":{}}""", 1000, "state is \"gone\"")]
    [TestCase("""{"task_id":"1","due_time":"soon","task":{}}""", 1000, "due_time is \"soon\"")]
    [TestCase("""{"task_id":"1","due_time":"0","task":{}}""", 1000, "due_time is \"0\"")]
    [TestCase("""{"task_id":"1","run_count":-1,"task":{}}""", 1000, "run_count is -1")]
    [TestCase("""{"task_id":"1","runs_by_hand":1,"task":{}}""", 1000, "runs_by_hand must be")]
    [TestCase("""{"task_id":"1","open_runs":{},"task":{}}""", 1000, "open_runs is an object; must be an array")]
    [TestCase("""{"task_id":"1","open_runs":[1],"task":{}}""", 1000, "open_runs is 1; must be an array")]
    [TestCase("""{"task_id":"1","open_runs":[{}],"task":{}}""", 1000, "\"open_runs.run_sequence\" is missing")]
    [TestCase("""{"task_id":"1","open_runs":[{"atempt":1}],"task":{}}""", 1000, "did you mean \"attempt\"")]
    [TestCase("""{"task_id":"1","open_runs":[{"attempt":0}],"task":{}}""", 1000, "open_runs.attempt is 0")]
    [TestCase("""{"task_id":"1","open_runs":[{"retry_time":"x"}],"task":{}}""", 1000, "open_runs.retry_time is")]
    [TestCase(OpenRunLine + """run_sequence":2,"scheduled_time":"9","attempt":1}]}""", 1000, "to run_sequence (1)")]
    [TestCase(OpenRunLine + """run_sequence":0,"scheduled_time":"9","attempt":1}]}""", 1000, "has run 0")]
    [TestCase(
        OpenRunLine + """run_sequence":1,"scheduled_time":"9","attempt":1,"failures":2}]}""",
        1000, "failures of run 1 is 2")]
    [TestCase(
        OpenRunLine + """run_sequence":1,"scheduled_time":"9","attempt":1,"by_hand":true}]}""", 1000, "1 runs by hand")]
    [TestCase(
        OpenRunLine + """run_sequence":1,"scheduled_time":"9","attempt":1,"retry_time":"9"}],"queued_time":"9"}""",
        1000, "has a retry_time")]
    [TestCase("""{"task_id":"1","body_text":"[]","task":{}}""", 1000, "body_text must be")]
    [TestCase("""{"task_id":"1","body_text":"{","task":{}}""", 1000, "body_text must be")]
    [TestCase("""{"task_id":"1","body_text":"{}","task":{"callback":{"body":{}}}}""", 1000, "both given")]
    [TestCase(
        """{"task_id":"1","task":{"type":2,"format":"1000000000","callback":{"url":"http://a.test"}}}""", 1002, "")]
    [TestCase(
        """{"task_id":"1","task":{"type":2,"format":"+1s","callback":{"url":"http://169.254.169.254/"}}}""", 1005, "")]
    public async Task A_wrong_line_is_told_of_and_the_others_are_taken(string line, int code, string inMessage)
    {
        const string Good = """{"task_id":"7","task":{"type":2,"format":"+1s","callback":{"url":"http://a.test"}}}""";

        var import = await _host.PostAsync("/xcron/import", $"{Good}\n\n{line}\r\n{Good.Replace("7", "8")}");

        var error = import.Data.GetProperty("errors").EnumerateArray().Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.GetProperty("line").GetInt32(), Is.EqualTo(3));
            Assert.That(error.GetProperty("code").GetInt32(), Is.EqualTo(code));
            Assert.That(error.GetProperty("message").GetString(), Does.Contain(inMessage));
            Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task A_line_by_hand_starts_from_now()
    {
        await _host.PostAsync("/xcron/import", """
            {"task_id":"7","create_time":"1500000000","task":{"type":1,"format":"@daily","callback":{"url":"http://a"}}}
            """.Trim());

        Assert.That(Find(7).NextDueMs, Is.GreaterThan(FixedTime.StartMs));
        Assert.That(Find(7).CreateTimeMs, Is.EqualTo(1_500_000_000_000));
    }

    [Test]
    public async Task A_body_beyond_max_request_bytes_streams_through_but_no_single_line()
    {
        var host = new ApiHost(maxRequestBytes: 1024, state: _state);
        var lines = Enumerable.Range(1, 400).Select(id =>
            $$"""{"task_id":"{{id}}","task":{"type":2,"format":"+1s","callback":{"url":"http://a.test"} } }""");
        var text = string.Join('\n', lines.Append(new string(' ', 40_000)).Append("{}"));

        var context = ApiHost.ChunkedRequest("/xcron/import", Encoding.UTF8.GetBytes(text), 100);
        var import = await host.SendAsync(context);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(400), import.Text);
            Assert.That(CodesOf(import), Is.EqualTo((int[])[1041, 1000]));
            Assert.That(host.Gateway.Submitted.Select(command => command.Length), Is.All.AtMost(1100));
        }
    }

    [Test]
    public async Task At_most_100_errors_are_shown_and_all_are_counted()
    {
        var import = await _host.PostAsync("/xcron/import", string.Join('\n', Enumerable.Repeat("{}", 250)));

        Assert.That(import.Data.GetProperty("errors").GetArrayLength(), Is.EqualTo(100));
        Assert.That(import.Data.GetProperty("failed").GetInt32(), Is.EqualTo(250));
    }

    [Test]
    public async Task A_write_that_fails_stops_the_import_and_says_how_far_it_came()
    {
        var lines = Enumerable.Range(1, 300).Select(id =>
            $$"""{"task_id":"{{id}}","task":{"type":2,"format":"+1s","callback":{"url":"http://a.test"} } }""");
        _host.Gateway.EndingAfter = (1, new ProposeOutcome.Unknown());

        var import = await _host.PostAsync("/xcron/import", string.Join('\n', lines));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(import.Code, Is.EqualTo(1050));
            Assert.That(import.Message, Does.Contain("with 256 tasks created").And.Contain("outcome is unknown"));
        }
    }

    [TestCase("/xcron/import?dry_run=yes", "POST", 1000)]
    [TestCase("/xcron/import?dry=true", "POST", 1000)]
    [TestCase("/xcron/export?limit=1", "GET", 1000)]
    [TestCase("/xcron/export", "POST", 1031)]
    public async Task What_cannot_be_meant_is_refused(string path, string method, int code) =>
        Assert.That((await _host.SendAsync(ApiHost.Request(method, path, "{}"))).Code, Is.EqualTo(code));

    [Test]
    public async Task Without_a_barrier_an_export_is_1050_and_a_stale_one_needs_none()
    {
        _host.Gateway.HasBarrier = false;

        Assert.That((await _host.GetAsync("/xcron/export")).Code, Is.EqualTo(1050));
        Assert.That(await ExportAsync(_host, "?consistency=stale"), Is.Empty);
    }

    private static (SchedulerState, ApiHost) NewHost()
    {
        var state = new SchedulerState();
        return (state, new ApiHost(state: state));
    }

    private static async Task<string> ExportAsync(ApiHost host, string query = "")
    {
        var context = ApiHost.Request("GET", $"/xcron/export{query}");
        await host.Endpoints.HandleAsync(context);
        await context.Response.CompleteAsync();
        Assert.That(context.Response.ContentType, Is.EqualTo("application/x-ndjson"));
        Assert.That(host.Defects, Is.Empty);
        return Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
    }

    private static IEnumerable<string> NamesOf(JsonElement task) => task.EnumerateObject().SelectMany(property =>
        property.Name is "callback" or "retry"
            ? property.Value.EnumerateObject().Select(inner => $"{property.Name}.{inner.Name}").Append(property.Name)
            : [property.Name]);

    private static int[] CodesOf(ApiAnswer import) =>
    [
        .. import.Data.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetInt32()),
    ];

    private static IEnumerable<TaskRecord> AllOf(SchedulerState state) =>
        Enumerable.Range(0, ShardId.Count).SelectMany(shard => state.TasksOf(new ShardId(shard)));

    private static TaskRecord Of(SchedulerState state, long id) => state.Find(new TaskId(id))!;

    private TaskRecord Find(long id) => Of(_state, id);

    private static void RunByHand(AppliedLog log, long id)
    {
        var run = TaskCommands.EncodeRun(new TaskId(id), null, FixedTime.StartMs, FixedTime.StartMs);
        Assert.That(log.Apply(run).Code, Is.Zero, $"{id}");
    }

    /// <summary>
    /// What an attempt on its way or the last failure was like is not told of, and nobody here has it.
    /// </summary>
    private static void AssertSameButForWhoHasIt(TaskRecord after, TaskRecord before)
    {
        OpenRun[] expected =
        [
            .. before.Runs!.AsSpan().ToArray().Select(run => run with
            {
                ClaimedBy = run.ClaimedBy.IsNone ? OwnerSession.None : after.Runs!.Find(run.Sequence)!.ClaimedBy,
                ClaimedMs = 0,
                LastAttempt = null,
            }),
        ];
        Assert.That(after.Runs!.AsSpan().ToArray(), Is.EqualTo(expected), $"{before.Id}");
        Assert.That(after.Runs.CountClaimed(), Is.EqualTo(before.Runs.CountClaimed()), $"{before.Id}");
        Assert.That(after.Runs.Callers(), Is.Empty, "no node of this cluster");
        Assert.That(
            (after.NextDueMs, after.QueuedDueMs, after.RunSequence, after.Phase),
            Is.EqualTo((before.NextDueMs, before.QueuedDueMs, before.RunSequence, before.Phase)));
        Assert.That(after.History?.Uncounted ?? 0, Is.EqualTo(before.History?.Uncounted ?? 0), $"{before.Id}");
    }

    private void Claim(
        AppliedLog log, OwnerSession session, long id, long nextMs, ClaimAction action = ClaimAction.Start) =>
        Claim(log, session, Find(id), nextMs, action);

    private static void Claim(
        AppliedLog log, OwnerSession session, TaskRecord record, long nextMs, ClaimAction action)
    {
        var id = record.Id.Value;
        var claim = new ClaimRun
        {
            TaskId = id,
            Revision = record.Revision,
            Action = action,
            ScheduledMs = record.NextDueMs,
            NextDueMs = nextMs,
        };
        var granted = log.Apply(TaskCommands.EncodeClaims(session, record.NextRunMs, [claim]));
        Assert.That(granted.Code, Is.EqualTo(1), $"{id}");
    }

    private void Finish(
        AppliedLog log, OwnerSession session, long id, AttemptOutcome outcome, bool pause = false,
        long retryAtMs = 0)
    {
        var run = Find(id).Run!;
        var attempt = new FinishAttempt
        {
            TaskId = id,
            RunSequence = run.Sequence,
            Attempt = run.Attempt,
            Outcome = outcome,
            EndMs = run.ClaimedMs,
            Pause = pause,
            RetryAtMs = retryAtMs,
            ExpireAtMs = run.ClaimedMs + 1,
        };
        Assert.That(log.Apply(TaskCommands.EncodeFinish(session, [attempt])).Code, Is.EqualTo(1), $"{id}");
    }

    private async Task CreateAllAsync()
    {
        foreach (var create in Creates)
            Assert.That((await _host.PostAsync("/xcron/createTask", create)).Code, Is.Zero, create);
    }
}
