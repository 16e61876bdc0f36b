using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

/// <summary>The API on the real state: what the one says the other understands.</summary>
internal sealed class ApiOnStateTests
{
    private const string Named =
        """{"type":2,"format":"+30m","name":"once","callback":{"url":"http://a.test/x","body":{"a": 1}}}""";

    private readonly ApiHost _host = new(state: new SchedulerState());

    [Test]
    public async Task A_task_lives_from_its_create_to_its_delete()
    {
        var created = await _host.PostAsync("/xcron/createTask", Named);
        var again = await _host.PostAsync("/xcron/createTask", Named);
        var other = await _host.PostAsync("/xcron/createTask", Named.Replace("/x", "/y"));
        var query = await _host.GetAsync("/xcron/queryTask?name=once");
        var batch = await _host.PostAsync(
            "/xcron/createTasks", $$"""{"tasks":[{{Named}},{},{{Named.Replace("once", "twice")}}]}""");
        var stats = await _host.GetAsync("/xcron/stats");
        var deleted = await _host.PostAsync("/xcron/deleteTask", """{"name":"once"}""");
        var gone = await _host.GetAsync("/xcron/queryTask?task_id=1001");
        var deletedAgain = await _host.PostAsync("/xcron/deleteTask", """{"task_id":"1001"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(created.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001"}"""));
            Assert.That(again.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","existing":true}"""));
            Assert.That(other.Code, Is.EqualTo(1040));
            Assert.That(query.Text, Does.Contain("""body":{"a": 1},"""));
            Assert.That(query.Data.GetProperty("owner").GetString(), Is.Null, "nobody owns a shard yet");
            Assert.That(
                batch.Data.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("code").GetInt32()),
                Is.EqualTo((int[])[0, 1000, 0]));
            Assert.That(stats.Data.GetProperty("tasks").GetProperty("scheduled").GetInt32(), Is.EqualTo(2));
            Assert.That(deleted.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","running":false}"""));
            Assert.That(gone.Code, Is.EqualTo(1030));
            Assert.That(deletedAgain.Code, Is.EqualTo(1030));
        }
    }
}
