using Google.Protobuf;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Api;

/// <summary>A create may be repeated under its name for as long as its task is there, its time past or not.</summary>
internal sealed class RepeatedCreateTests
{
    private const string Path = "/xcron/createTask";
    private const string Callback = "\"callback\":{\"url\":\"http://a.test/x\",\"body\":{\"a\":1}}";
    private const string AtOnce = $$"""{"type":2,"format":"1800000001","name":"pay",{{Callback}}}""";

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost(state: new SchedulerState());

    [TestCase(AtOnce)]
    [TestCase($$"""{"type":1,"format":"1800000001","name":"pay",{{Callback}}}""")]
    [TestCase($$"""{"type":1,"format":"* * * * *","end_at":"1800000100","name":"pay",{{Callback}}}""")]
    [TestCase($$"""{"type":1,"format":"0 * * * *","end_at":"1800007199","name":"pay",{{Callback}}}""",
        Description = "no time of it is still to come, and its end is")]
    public async Task What_was_created_before_its_time_is_there_after_it(string create)
    {
        var first = await _host.PostAsync(Path, create);
        _host.Time.NowMs += 7_150_000;
        var again = await _host.PostAsync(Path, create);
        var batch = await _host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{},{{create}},{{create}}]}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001"}"""));
            Assert.That(again.Data.GetRawText(), Is.EqualTo("""{"task_id":"1001","existing":true}"""));
            Assert.That(
                batch.Data.GetProperty("results").EnumerateArray().Skip(1).Select(result => result.GetRawText()),
                Is.All.EqualTo("""{"code":0,"task_id":"1001","existing":true}"""));
            Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(1), "nothing is written again");
        }
    }

    [Test]
    public async Task Members_of_an_object_in_another_order_make_the_same_task()
    {
        const string First = """
            {"name":"n","type":2,"format":"1800000001","tags":{"a":"1","b":"2"},"callback":{"url":"http://a.test",
             "headers":{"x-b":"1","X-C":"2","X-a":"3"}}}
            """;
        const string Again = """
            {"callback":{"headers":{"X-a":"3","X-C":"2","x-b":"1"},"url":"http://a.test"},"tags":{"b":"2","a":"1"},
             "format":"1800000001","type":2,"name":"n"}
            """;
        string Line(string task) => $$"""{"task_id":"7","task":{{task.ReplaceLineEndings("")}} }""";

        var first = await _host.PostAsync(Path, First);
        var again = await _host.PostAsync(Path, Again);
        var batch = await _host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{{Again}}]}""");
        _host.Time.NowMs += 60_000;
        var late = await _host.PostAsync(Path, Again);
        var other = new ApiHost(state: new SchedulerState());
        await other.PostAsync("/xcron/import", Line(First));
        var import = await other.PostAsync("/xcron/import", Line(Again));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Code, Is.Zero, first.Text);
            Assert.That(again.Text, Does.Contain("\"existing\":true"));
            Assert.That(batch.Text, Does.Contain("\"existing\":true"));
            Assert.That(late.Text, Does.Contain("\"existing\":true"));
            Assert.That(import.Data.GetProperty("unchanged").GetInt32(), Is.EqualTo(1), import.Text);
        }
    }

    [Test]
    public async Task Headers_as_a_former_version_stored_them_or_in_another_case_make_the_same_task()
    {
        const string Headers = "\"headers\":{\"X-b\":\"1\",\"x-A\":\"2\"}";
        var create = AtOnce.Replace("\"body\"", $"{Headers},\"body\"");
        await _host.PostAsync(Path, create);
        var state = new SchedulerState();
        var former = TaskCommand.Parser.ParseFrom(_host.Gateway.Submitted[0]);
        former.Create.Tasks[0].Definition = UnsortedHeaders(former.Create.Tasks[0].Definition);
        new AppliedLog(state).Apply(former.ToByteArray());
        var host = new ApiHost(state: state);
        foreach (var id in Enumerable.Range(2001, 9))
            host.NextIds.Enqueue(id);
        var line = $$"""{"task_id":"1001","task":{{create.Replace("x-A", "X-a")}} }""";

        var again = await host.PostAsync(Path, create);
        var otherCase = await host.PostAsync(Path, create.Replace("X-b", "x-B"));
        var other = await host.PostAsync(Path, create.Replace("X-b", "X-c"));
        var batch = await host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{{create}}]}""");
        var import = await host.PostAsync("/xcron/import", line);
        var dryRun = await host.PostAsync("/xcron/import?dry_run=true", line);
        host.Gateway.HasBarrier = false;
        var unknown = await host.PostAsync(Path, create);
        host.Gateway.HasBarrier = true;
        host.Time.NowMs += 60_000;
        var late = await host.PostAsync(Path, create);

        using (Assert.EnterMultipleScope())
        {
            foreach (var answer in new[] { again, otherCase, batch, late })
                Assert.That(answer.Text, Does.Contain("\"task_id\":\"1001\",\"existing\":true"));
            Assert.That((other.Code, unknown.Code), Is.EqualTo((1040, 1050)));
            Assert.That(import.Data.GetProperty("unchanged").GetInt32(), Is.EqualTo(1), import.Text);
            Assert.That(dryRun.Data.GetProperty("unchanged").GetInt32(), Is.EqualTo(1), dryRun.Text);
        }
    }

    /// <summary>As they were given.</summary>
    private static ByteString UnsortedHeaders(ByteString encoded)
    {
        var definition = TaskDefinition.Parser.ParseFrom(encoded);
        Header[] given =
            [.. definition.Headers.OrderByDescending(header => header.Name, StringComparer.OrdinalIgnoreCase)];
        Assert.That(given, Is.Not.EqualTo(definition.Headers));
        definition.Headers.Clear();
        definition.Headers.AddRange(given);
        return definition.ToByteString();
    }

    [Test]
    public async Task Another_content_another_name_or_none_is_too_late()
    {
        await _host.PostAsync(Path, AtOnce);
        _host.Time.NowMs += 60_000;
        string[] creates =
        [
            AtOnce.Replace("/x", "/y"), AtOnce.Replace("1800000001", "1800000002"), AtOnce.Replace("pay", "bill"),
            AtOnce.Replace("\"name\":\"pay\",", ""),
        ];

        var answers = await Task.WhenAll(creates.Select(create => _host.PostAsync(Path, create)));
        var batch = await _host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{{string.Join(',', creates)}}]}""");

        Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(1002));
        Assert.That(
            batch.Data.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("code").GetInt32()),
            Is.EqualTo((int[])[1002, 1002, 1002, 1002]));
    }

    [Test]
    public async Task A_name_whose_task_was_deleted_is_too_late()
    {
        await _host.PostAsync(Path, AtOnce);
        await _host.PostAsync("/xcron/deleteTask", """{"name":"pay"}""");
        _host.Time.NowMs += 60_000;

        Assert.That((await _host.PostAsync(Path, AtOnce)).Code, Is.EqualTo(1002));
    }

    [Test]
    public async Task Without_a_barrier_nobody_knows_and_the_request_is_to_be_made_again()
    {
        await _host.PostAsync(Path, AtOnce);
        _host.Time.NowMs += 60_000;
        _host.Gateway.HasBarrier = false;

        var named = await _host.PostAsync(Path, AtOnce);
        var nameless = await _host.PostAsync(Path, AtOnce.Replace("\"name\":\"pay\",", ""));

        Assert.That((named.Code, nameless.Code), Is.EqualTo((1050, 1002)));
    }
}
