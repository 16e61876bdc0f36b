using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class IdCollisionsTests
{
    private const string Good = """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""";

    private ApiHost _host = null!;

    /// <summary>Another session has the ids 1 to 20.</summary>
    [SetUp]
    public void SetUp()
    {
        _host = new ApiHost();
        for (var id = 1; id <= 20; id++)
        {
            _host.Tasks.Put(new TaskRecord
            {
                Id = new TaskId(id), CreateTimeMs = 1, CreatedBy = 99, Definition = [], Revision = 1,
                Phase = TaskPhase.Scheduled,
            });
        }
    }

    [Test]
    public async Task A_task_whose_id_is_taken_is_created_under_another()
    {
        Draw(1, 2, 3);

        var answer = await _host.PostAsync("/xcron/createTask", Good);

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001"}"""));
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(4));
        Assert.That(_host.LastDefinition().Url, Is.EqualTo("http://a.test/x"));
    }

    [Test]
    public async Task Only_the_tasks_of_a_batch_whose_ids_are_taken_are_proposed_again()
    {
        Draw(31, 1, 32, 2, 3, 33);

        var answer = await _host.PostAsync(
            "/xcron/createTasks", $$"""{"tasks":[{{Good}},{{Good}},{},{{Good}},{{Good}}]}""");

        Assert.That(
            answer.Data.GetProperty("results").EnumerateArray().Select(
                result => result.TryGetProperty("task_id", out var id) ? id.GetString() : null),
            Is.EqualTo((string?[])["31", "1001", null, "32", "33"]));
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Where_no_id_is_free_the_answer_comes_all_the_same()
    {
        Draw([.. Enumerable.Range(1, 20).Select(id => (long)id)]);

        var answer = await _host.PostAsync("/xcron/createTask", Good);

        Assert.That(answer.Code, Is.EqualTo(1099));
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(9));
    }

    [Test]
    public async Task What_cannot_be_proposed_again_says_so()
    {
        Draw(1);
        _host.Gateway.EndingAfter = (1, new ProposeOutcome.Unknown());

        var answer = await _host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{{Good}},{{Good}}]}""");

        var results = answer.Data.GetProperty("results").EnumerateArray().ToArray();
        Assert.That(results[0].GetProperty("code").GetInt32(), Is.EqualTo(1050));
        Assert.That(results[1].GetProperty("code").GetInt32(), Is.Zero);
    }

    private void Draw(params long[] ids)
    {
        foreach (var id in ids)
            _host.NextIds.Enqueue(id);
    }
}
