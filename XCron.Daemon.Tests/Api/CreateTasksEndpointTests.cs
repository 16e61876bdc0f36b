using System.Text;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class CreateTasksEndpointTests
{
    private const string Path = "/xcron/createTasks";
    private const string Good = """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""";

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    [Test]
    public async Task Each_task_has_its_own_answer_and_the_valid_ones_are_one_command()
    {
        var named = Good.Replace("{\"type\"", "{\"name\":\"n\",\"type\"");
        var answer = await _host.PostAsync(Path, $$$"""
            {"tasks": [
              {{{Good}}},
              {"type":2, "nmae": {"deep": [1, {"a": "}"}]}, "format":"x"},
              7,
              {{{named}}},
              {"type":3},
              {{{named}}},
              {{{named.Replace("/x", "/y")}}},
              {"type":2,"format":"1581823751","callback":{"url":"http://a.test"}},
              {{{Good}}}
            ]}
            """);

        int[] codes = [0, 1000, 1000, 0, 1020, 0, 1040, 1002, 0];
        var results = answer.Data.GetProperty("results").EnumerateArray().ToArray();
        var command = TaskCommand.Parser.ParseFrom(_host.Gateway.Submitted.Single());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Select(result => result.GetProperty("code").GetInt32()), Is.EqualTo(codes));
            Assert.That(command.Create.Tasks, Has.Count.EqualTo(5));
            Assert.That(results[0].GetRawText(), Is.EqualTo("""{"code":0,"task_id":"1001"}"""));
            Assert.That(results[1].GetProperty("message").GetString(), Does.Contain("did you mean \"name\"?"));
            Assert.That(results[2].GetProperty("message").GetString(), Does.Contain("is 7; must be an object"));
            Assert.That(results[5].GetRawText(), Is.EqualTo("""{"code":0,"task_id":"1002","existing":true}"""));
            Assert.That(results[6].GetProperty("message").GetString(), Does.Contain("name is taken by task 1002"));
            Assert.That(_host.Tasks.Count, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task A_thousand_tasks_are_taken_and_one_more_is_not()
    {
        var host = new ApiHost(maxRequestBytes: 1_000_000);

        var most = await host.PostAsync(Path, Batch(1000));
        var tooMany = await host.PostAsync(Path, Batch(1001));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(most.Data.GetProperty("results").GetArrayLength(), Is.EqualTo(1000));
            Assert.That(tooMany.Code, Is.EqualTo(1000));
            Assert.That(tooMany.Message, Does.Contain("at most 1000"));
            Assert.That(host.Gateway.Submitted, Has.Count.EqualTo(1));
        }
    }

    [TestCase("""{"tasks":[]}""", 0)]
    [TestCase("""{"tasks":[{}]}""", 0, Description = "refused one by one")]
    [TestCase("{}", 1000)]
    [TestCase("", 1000)]
    [TestCase("[]", 1000)]
    [TestCase("""{"tasks":{}}""", 1000)]
    [TestCase("""{"tasks":null}""", 1000)]
    [TestCase("""{"task":[]}""", 1000)]
    [TestCase("""{"tasks":[],"tasks":[]}""", 1000)]
    [TestCase("""{"tasks":[],"atomic":true}""", 1000)]
    [TestCase("""{"tasks":[]} x""", 1000)]
    [TestCase("""{"tasks":[""" + Good + "," + Good + "}", 1000, Description = "broken after valid tasks")]
    [TestCase("""{"tasks":[{"nope":1},{"a":]}""", 1000)]
    public async Task Without_a_valid_task_nothing_is_submitted(string body, int code)
    {
        var answer = await _host.PostAsync(Path, body);

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(_host.Gateway.Submitted, Is.Empty);
    }

    [Test]
    public async Task A_batch_that_is_not_written_fails_as_a_whole()
    {
        _host.Gateway.Ending = new ProposeOutcome.Unknown();

        var answer = await _host.PostAsync(Path, Batch(2));

        Assert.That(answer.Code, Is.EqualTo(1050));
        Assert.That(answer.Message, Does.Contain("unknown"));
    }

    private static string Batch(int count)
    {
        var batch = new StringBuilder("{\"tasks\":[");
        for (var task = 0; task < count; task++)
            batch.Append(task == 0 ? "" : ",").Append(Good);
        return batch.Append("]}").ToString();
    }
}
