using System.Text;
using XCron.Daemon.Schedules;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Api;

internal sealed class CreateTaskEndpointTests
{
    private const string Path = "/xcron/createTask";
    private const string Callback = """ "callback":{"url":"http://a.test/x"} """;
    private const string OneShot = """ "type":2,"format":"1800000100" """;

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    [Test]
    public async Task A_one_shot_is_created()
    {
        var answer = await _host.PostAsync(Path, $$"""{ {{OneShot}}, {{Callback}} }""");

        var created = _host.LastCreated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.Zero, answer.Text);
            Assert.That(answer.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001"}"""));
            Assert.That(created.TaskId, Is.EqualTo(1001));
            Assert.That(created.CreateTimeMs, Is.EqualTo(FixedTime.StartMs));
            Assert.That(created.FirstDueMs, Is.EqualTo(1_800_000_100_000));
            Assert.That(_host.LastDefinition(), Is.EqualTo(new TaskDefinition
            {
                Type = TaskType.OneShot,
                Format = "1800000100",
                Url = "http://a.test/x",
                TimeoutMs = 30_000,
                MaxAttempts = 5,
                MinBackoffMs = 1_000,
                MaxBackoffMs = 300_000,
            }));
        }
    }

    [Test]
    public async Task A_periodic_task_is_created_in_the_default_zone()
    {
        var answer = await _host.PostAsync(Path, $$"""{ "type":1, "format":"0 1 * * *", {{Callback}} }""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.Zero, answer.Text);
            Assert.That(_host.LastDefinition().Type, Is.EqualTo(TaskType.Periodic));
            Assert.That(_host.LastDefinition().Timezone, Is.EqualTo("Asia/Shanghai"));
            Assert.That(_host.LastCreated().FirstDueMs, Is.EqualTo(1_800_032_400_000), "1:00 in Shanghai is 17:00 UTC");
        }
    }

    [Test]
    public async Task The_options_of_when_it_runs_reach_the_definition_and_the_first_due_time()
    {
        var answer = await _host.PostAsync(Path, $$"""
            { "type":1, "format":"0 * * * *", {{Callback}}, "deadline":1.5, "overlap":"allow", "jitter":60,
              "start_at":"1800003600", "end_at":"1800010800.5", "max_runs":7, "paused":true }
            """);

        var definition = _host.LastDefinition();
        var created = _host.LastCreated();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.Zero, answer.Text);
            Assert.That(definition.DeadlineMs, Is.EqualTo(1500));
            Assert.That(definition.Overlap, Is.EqualTo(Overlap.Allow));
            Assert.That(definition.JitterMs, Is.EqualTo(60_000));
            Assert.That(definition.StartAtMs, Is.EqualTo(1_800_003_600_000));
            Assert.That(definition.EndAtMs, Is.EqualTo(1_800_010_800_500));
            Assert.That(definition.MaxRuns, Is.EqualTo(7));
            Assert.That(definition.Paused, Is.True);
            Assert.That(created.FirstDueMs, Is.EqualTo(1_800_003_600_000), "a time at the start itself");
            Assert.That(
                created.FirstDelayMs, Is.EqualTo(Jitter.DelayMs(1001, created.FirstDueMs, 60_000)).And.Not.Zero);
        }
    }

    [Test]
    public async Task Options_said_and_unsaid_as_their_defaults_are_the_same_task()
    {
        await _host.PostAsync(Path, $$"""{ "type":1, "format":"0 * * * *", {{Callback}} }""");
        var unsaid = _host.LastDefinition();

        await _host.PostAsync(Path, $$"""
            { "type":1, "format":"0 * * * *", {{Callback}}, "overlap":"queue", "jitter":0, "paused":false }
            """);

        Assert.That(_host.LastDefinition(), Is.EqualTo(unsaid));
    }

    [Test]
    public async Task An_interval_counts_from_start_at()
    {
        await _host.PostAsync(
            Path, $$"""{ "type":1, "format":"@every 7s", {{Callback}}, "start_at":"1800001000" }""");

        Assert.That(_host.LastCreated().FirstDueMs, Is.EqualTo(1_800_001_007_000));
    }

    [Test]
    public async Task A_query_shows_the_options_of_when_it_runs()
    {
        await _host.PostAsync(Path, $$"""
            { "type":1, "format":"0 * * * *", {{Callback}}, "deadline":1.5, "overlap":"allow", "jitter":60,
              "start_at":"1800003600", "end_at":"1800010800.5", "max_runs":7 }
            """);

        var data = (await _host.GetAsync("/xcron/queryTask?task_id=1001")).Data;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(data.GetProperty("deadline").GetDouble(), Is.EqualTo(1.5));
            Assert.That(data.GetProperty("overlap").GetString(), Is.EqualTo("allow"));
            Assert.That(data.GetProperty("jitter").GetInt32(), Is.EqualTo(60));
            Assert.That(data.GetProperty("start_at").GetString(), Is.EqualTo("1800003600"));
            Assert.That(data.GetProperty("end_at").GetString(), Is.EqualTo("1800010800.500"));
            Assert.That(data.GetProperty("max_runs").GetInt32(), Is.EqualTo(7));
        }
    }

    [Test]
    public async Task Every_option_reaches_the_definition()
    {
        var answer = await _host.PostAsync(Path, """
            {
              "tags": {"team": "pay", "env": "生产"},
              "name": "settle/night:1",
              "type": 1,
              "format": "30 2 * * mon",
              "timezone": "Europe/Berlin",
              "misfire": "fire_all",
              "retry": {"max_attempts": 100, "min_backoff": 0.25, "max_backoff": 86400},
              "callback": {
                "url": "https://pay.test:8443/settle?day=today#x",
                "method": "PUT",
                "headers": {"Authorization": "Bearer x y", "Content-Type": "application/json; charset=utf-8"},
                "timeout": 0.1,
                "body": {"a": 1}
              }
            }
            """);

        var expected = new TaskDefinition
        {
            Type = TaskType.Periodic,
            Format = "30 2 * * mon",
            Timezone = "Europe/Berlin",
            Name = "settle/night:1",
            Url = "https://pay.test:8443/settle?day=today#x",
            Method = "PUT",
            Body = Google.Protobuf.ByteString.CopyFromUtf8("""{"a": 1}"""),
            TimeoutMs = 100,
            MaxAttempts = 100,
            MinBackoffMs = 250,
            MaxBackoffMs = 86_400_000,
            Misfire = Misfire.FireAll,
        };
        expected.Headers.Add(new Header { Name = "Authorization", Value = "Bearer x y" });
        expected.Headers.Add(new Header { Name = "Content-Type", Value = "application/json; charset=utf-8" });
        expected.Tags.Add(new Tag { Key = "env", Value = "生产" });
        expected.Tags.Add(new Tag { Key = "team", Value = "pay" });
        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastDefinition(), Is.EqualTo(expected));
    }

    [TestCase("1800000001", 1_800_000_001_000)]
    [TestCase("1799999995", 1_799_999_995_000, Description = "at most 5 s in the past")]
    [TestCase("9999999999", 9_999_999_999_000)]
    [TestCase("+30m", FixedTime.StartMs + 1_800_000)]
    [TestCase("+1h30m", FixedTime.StartMs + 5_400_000)]
    [TestCase("+45s", FixedTime.StartMs + 45_000)]
    [TestCase("+1d2h3m4s", FixedTime.StartMs + 93_784_000)]
    [TestCase("+0s", FixedTime.StartMs)]
    public async Task A_one_shot_takes_a_timestamp_or_a_delay(string format, long dueMs)
    {
        var answer = await _host.PostAsync(Path, $$"""{"type":2,"format":"{{format}}",{{Callback}}}""");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastCreated().FirstDueMs, Is.EqualTo(dueMs));
        Assert.That(_host.LastDefinition().Format, Is.EqualTo(format), "as given");
    }

    [Test]
    public async Task A_bare_timestamp_under_type_1_is_a_one_shot()
    {
        var answer = await _host.PostAsync(Path, $$"""{"type":1,"format":"1800000100",{{Callback}}}""");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastDefinition().Type, Is.EqualTo(TaskType.OneShot));
        Assert.That(_host.LastDefinition().Timezone, Is.Empty);
    }

    [Test]
    public async Task The_expression_s_own_zone_is_stored()
    {
        await _host.PostAsync(Path, $$"""{"type":1,"format":"CRON_TZ=UTC 0 9 * * *",{{Callback}}}""");

        Assert.That(_host.LastDefinition().Timezone, Is.EqualTo("UTC"));
        Assert.That(_host.LastCreated().FirstDueMs, Is.EqualTo(1_800_003_600_000));
    }

    [TestCase("CRON_TZ=UTC 0 9 * * *", "UTC", 0)]
    [TestCase("CRON_TZ=UTC 0 9 * * *", "Europe/Berlin", 1000)]
    [TestCase("TZ=UTC @daily", "Mars/Base", 1000)]
    [TestCase("TZ=Mars/Base @daily", "UTC", 1011)]
    public async Task A_zone_beside_the_expression_s_own_is_not_dropped_in_silence(string format, string zone, int code)
    {
        var answer = await _host.PostAsync(
            Path, $$"""{"type":1,"format":"{{format}}","timezone":"{{zone}}",{{Callback}}}""");
        var preview = await _host.GetAsync(
            $"/xcron/previewSchedule?format={Uri.EscapeDataString(format)}&timezone={zone}");

        Assert.That((answer.Code, preview.Code), Is.EqualTo((code, code)), answer.Text);
        if (code == 1000)
            Assert.That(answer.Message, Does.StartWith($"timezone is \"{zone}\", and format names UTC itself"));
    }

    [Test]
    public async Task Escapes_in_names_and_values_are_resolved()
    {
        var answer = await _host.PostAsync(
            Path, """{"t\u0079pe":2,"format":"\u002b30m","callback":{"url":"http:\/\/a.test\/\u4e2d"}}""");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastDefinition().Url, Is.EqualTo("http://a.test/中"));
        Assert.That(_host.LastDefinition().Format, Is.EqualTo("+30m"));
    }

    [TestCase("""{"min_backoff":600}""", 600_000, 600_000)]
    [TestCase("""{"max_backoff":0.5}""", 500, 500)]
    [TestCase("""{"min_backoff":2,"max_backoff":2}""", 2_000, 2_000)]
    [TestCase("""{}""", 1_000, 300_000)]
    public async Task A_default_backoff_gives_way_to_the_given_bound(string retry, long minMs, long maxMs)
    {
        var answer = await _host.PostAsync(Path, $$"""{ {{OneShot}}, {{Callback}}, "retry": {{retry}} }""");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastDefinition().MinBackoffMs, Is.EqualTo(minMs));
        Assert.That(_host.LastDefinition().MaxBackoffMs, Is.EqualTo(maxMs));
    }

    [TestCase("{}")]
    [TestCase("""{"z":1,"a":2,"z":3}""", Description = "key order, and whose keys are double is the user's affair")]
    [TestCase("{ \"a\" :  1.0e+2 ,\r\n\t\"b\":[ 123456789012345678901234567890, -0.0, 1E400 ] }")]
    [TestCase("""{"中文":"\u4e2d\ud83d\ude00😀","half":"\ud800","s":"\/\b\f"}""")]
    [TestCase("""{"deep":{"deep":{"deep":[[[[{}]]]]}}}""")]
    public async Task A_callback_body_is_kept_byte_for_byte(string body)
    {
        var answer = await _host.PostAsync(
            Path, $$"""{ {{OneShot}}, "callback":{"body": {{body}} , "url":"http://a.test"} }""");
        var query = await _host.GetAsync("/xcron/queryTask?task_id=1001");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(_host.LastDefinition().Body.ToByteArray(), Is.EqualTo(Encoding.UTF8.GetBytes(body)));
        Assert.That(query.Text, Does.Contain($"\"body\":{body}"));
    }

    [Test]
    public async Task The_same_task_under_its_name_is_there_already()
    {
        var request = $$"""{ {{OneShot}}, {{Callback}}, "name":"once" }""";
        await _host.PostAsync(Path, request);

        var again = await _host.PostAsync(Path, request.Replace("callback\":{", "callback\":{\"method\":\"POST\","));
        var other = await _host.PostAsync(Path, request.Replace("/x", "/y"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(again.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","existing":true}"""));
            Assert.That(other.Code, Is.EqualTo(1040));
            Assert.That(other.Status, Is.EqualTo(409));
            Assert.That(other.Message, Does.Contain("1001"));
        }
    }

    [Test]
    public async Task A_url_is_judged_anew_where_another_was_found_good()
    {
        var good = await _host.PostAsync(Path, $$"""{ {{OneShot}}, {{Callback}} }""");
        var again = await _host.PostAsync(Path, $$"""{ {{OneShot}}, {{Callback}} }""");
        var bad = await _host.PostAsync(Path, $$"""{ {{OneShot}}, "callback":{"url":"ftp://a.test/x"} }""");

        Assert.That((good.Code, again.Code, bad.Code), Is.EqualTo((0, 0, 1003)));
    }

    [TestCaseSource(typeof(BadCreates), nameof(BadCreates.All))]
    public async Task A_bad_request_is_refused(int code, string body, string inMessage)
    {
        var answer = await _host.PostAsync(Path, body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
            Assert.That(answer.Status, Is.EqualTo(code == 1005 ? 403 : 400));
            Assert.That(answer.Message, Does.Contain(inMessage));
            Assert.That(_host.Gateway.Submitted, Is.Empty);
            Assert.That(_host.Defects, Is.Empty);
        }
    }

    [Test]
    public async Task Bytes_that_are_no_UTF_8_are_refused()
    {
        byte[] body = [.. "{\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        var answer = await _host.SendAsync(ApiHost.Request("POST", Path, body));

        Assert.That(answer.Code, Is.EqualTo(1000));
        Assert.That(answer.Message, Does.Contain("UTF-8 at byte 10"));
    }
}
