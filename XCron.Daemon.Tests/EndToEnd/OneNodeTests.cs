using System.Net;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>One real daemon, seen from outside.</summary>
[Category("EndToEnd")]
internal sealed class OneNodeTests
{
    private DirectoryInfo _directory = null!;
    private CallbackReceiver _receiver = null!;
    private DaemonProcess _daemon = null!;

    private static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [SetUp]
    public async Task SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-e2e-");
        _receiver = await CallbackReceiver.StartAsync();
        _daemon = new DaemonProcess(_directory.FullName, Ports.Free());
        _daemon.Start();
        await _daemon.WaitUntilReadyAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _daemon.DisposeAsync();
        await _receiver.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Test]
    public async Task A_one_shot_goes_out_at_its_second_byte_for_byte_with_the_headers()
    {
        const string Body = """{"b":1.0,"a":"é漢\u0041","n":12345678901234567890}""";
        var due = NowMs / 1000 + 2;

        var id = await _daemon.CreateOneShotAsync(due, $"{_receiver.Url}/pay", Body);
        var callback = (await _receiver.WaitForAsync(1, TimeSpan.FromSeconds(10))).Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(callback.Body, Is.EqualTo(Body));
            Assert.That(callback.Path, Is.EqualTo("/pay"));
            Assert.That(callback.Method, Is.EqualTo("POST"));
            Assert.That(callback.ReceivedMs, Is.InRange(due * 1000, due * 1000 + 1000), "at its second, never before");
            Assert.That(callback.TaskId, Is.EqualTo(id));
            Assert.That(callback.Headers["Content-Type"], Is.EqualTo("application/json"));
            Assert.That(callback.Headers["User-Agent"], Does.StartWith("xcron/"));
            Assert.That(callback.Headers["X-Xcron-Attempt"], Is.EqualTo("1"));
            Assert.That(callback.Headers["X-Xcron-Scheduled-Time"], Is.EqualTo($"{due}"));
            Assert.That(callback.Headers["webhook-id"], Is.EqualTo(callback.RunId));
            Assert.That(callback.Headers, Contains.Key("traceparent").And.ContainKey("webhook-timestamp"));
        }

        var task = await UntilRunAsync(id);
        Assert.That(task.GetProperty("state").GetString(), Is.EqualTo("completed"));
        Assert.That(task.GetProperty("last_run").GetProperty("status").GetString(), Is.EqualTo("ok"));
    }

    [Test]
    public async Task After_kill_9_every_acknowledged_task_is_there_and_runs_and_no_recorded_run_is_sent_again()
    {
        var early = await _daemon.CreateOneShotAsync(NowMs / 1000, $"{_receiver.Url}/early");
        await UntilRunAsync(early);
        var due = NowMs / 1000 + 2;
        var ids = new List<string>();
        for (var i = 0; i < 50; i++)
            ids.Add(await _daemon.CreateOneShotAsync(i % 2 == 0 ? due : due + 3600, $"{_receiver.Url}/{i}"));

        await _daemon.KillAsync();
        while (NowMs < due * 1000 + 500)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        _daemon.Start();
        await _daemon.WaitUntilReadyAsync();
        await _receiver.WaitForAsync(26, TimeSpan.FromSeconds(10));

        foreach (var id in ids)
        {
            var answer = await _daemon.GetAsync($"/xcron/queryTask?task_id={id}");
            Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, $"task {id} survived");
        }

        var sent = _receiver.Callbacks.Select(callback => callback.TaskId).ToList();
        Assert.That(sent, Is.EquivalentTo(ids.Where((_, i) => i % 2 == 0).Append(early)), "each due run once");
    }

    [Test]
    public async Task A_failed_attempt_is_repeated_under_the_same_run_id()
    {
        _receiver.Answer = callback => callback.Headers["X-Xcron-Attempt"] == "3"
            ? HttpStatusCode.OK
            : HttpStatusCode.InternalServerError;

        var answer = await _daemon.PostAsync(
            "/xcron/createTask",
            $$"""
            {"type":2,"format":"+1s","callback":{"url":"{{_receiver.Url}}"},
             "retry":{"max_attempts":4,"min_backoff":0.1,"max_backoff":1} }
            """);
        var id = answer.GetProperty("data").GetProperty("task_id").GetString();
        await _receiver.WaitForAsync(3, TimeSpan.FromSeconds(15));
        var task = await UntilRunAsync(id);

        Assert.That(_receiver.Callbacks.Select(callback => callback.RunId).Distinct().Count(), Is.EqualTo(1));
        Assert.That(
            _receiver.Callbacks.Select(callback => callback.Headers["X-Xcron-Attempt"]), Is.EqualTo(["1", "2", "3"]));
        Assert.That(task.GetProperty("fail_count").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task Nothing_is_sent_after_an_acknowledged_delete()
    {
        var due = NowMs / 1000 + 2;
        var kept = await _daemon.CreateOneShotAsync(due, _receiver.Url);
        var deleted = await _daemon.CreateOneShotAsync(due, _receiver.Url);

        var answer = await _daemon.PostAsync("/xcron/deleteTask", $$"""{"task_id":"{{deleted}}"}""");
        var gone = await _daemon.GetAsync($"/xcron/queryTask?task_id={deleted}");
        await UntilRunAsync(kept);

        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero);
        Assert.That(gone.GetProperty("code").GetInt32(), Is.EqualTo(1030));
        Assert.That(_receiver.Callbacks.Select(callback => callback.TaskId), Is.EqualTo([kept]));
    }

    [Test]
    public async Task A_crontab_task_with_seconds_runs_again_and_again_on_the_grid()
    {
        var answer = await _daemon.PostAsync(
            "/xcron/createTask",
            $$"""{"type":1,"format":"*/1 * * * * *","name":"tick","callback":{"url":"{{_receiver.Url}}"} }""");
        Assert.That(answer.GetProperty("code").GetInt32(), Is.Zero, answer.ToString());

        var callbacks = await _receiver.WaitForAsync(3, TimeSpan.FromSeconds(10));

        var times = callbacks.Select(callback => callback.ScheduledSeconds).Take(3).ToArray();
        Assert.That(times, Is.EqualTo([times[0], times[0] + 1, times[0] + 2]));
        Assert.That(callbacks.Select(callback => callback.RunId), Is.Unique);
        Assert.That(callbacks.All(callback => callback.ReceivedMs >= 1000 * callback.ScheduledSeconds));
    }

    [Test]
    public async Task A_SIGTERM_ends_it_in_good_order()
    {
        var code = await _daemon.StopAsync(TimeSpan.FromSeconds(15));

        Assert.That(code, Is.Zero, _daemon.Output);
    }

    private async Task<JsonElement> UntilRunAsync(string? taskId)
    {
        var path = $"/xcron/queryTask?task_id={taskId}";
        JsonElement data = default;
        for (var tries = 0; tries < 400; tries++)
        {
            var answer = await _daemon.GetAsync(path);
            if (answer.TryGetProperty("data", out data) && data.GetProperty("run_count").GetInt32() == 1)
                return data;

            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }

        Assert.Fail($"{path} stays {data}\n{_daemon.Output}");
        return data;
    }
}
