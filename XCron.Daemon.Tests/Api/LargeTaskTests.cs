using System.Text;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

/// <summary>However large a task could be made, its export's line is taken by an import under the same limit.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LargeTaskTests
{
    private const int MaxRequestBytes = 64 * 1024;

    private readonly SchedulerState _state = new();
    private readonly ApiHost _host;

    public LargeTaskTests() => _host = new ApiHost(MaxRequestBytes, _state);

    [TestCase("{\"x\":\"", "y", "\"}", Description = "as it is")]
    [TestCase("{\n\"x\":\"", "\\\"", "\"}", Description = "in body_text each of its bytes takes two")]
    [TestCase("{\n\"x\":\"", "\u007F", "\"}", Description = "in body_text each of its bytes takes six")]
    [TestCase("{\n\"x\":\"", "😀", "\"}", Description = "in body_text each of its bytes takes three")]
    [TestCase("{", "\n", "}", Description = "each of its bytes takes two")]
    public async Task One_created_at_the_limit_is_taken_over_as_it_is(string before, string filling, string after)
    {
        var empty = Create(before + after);
        var count = (MaxRequestBytes - Encoding.UTF8.GetByteCount(empty)) / Encoding.UTF8.GetByteCount(filling);
        var body = before + string.Concat(Enumerable.Repeat(filling, count)) + after;
        Assert.That((await _host.PostAsync("/xcron/createTask", Create(body))).Code, Is.Zero);

        await AssertIsTakenOverAsync();
    }

    [Test]
    public async Task One_of_as_many_pairs_as_may_be_is_taken_over_as_it_is()
    {
        var headers = string.Join(',', Enumerable.Range(0, 64).Select(number => $"\"h{number}\":\"\""));
        var tags = string.Join(',', Enumerable.Range(0, 16).Select(number => $"\"t{number}\":\"\""));
        string Task(string body) => $$"""
            {"type":1,"format":"* * * * *","tags":{ {{tags}} },
             "callback":{"url":"http://a","headers":{ {{headers}} },"body":{"x":"{{body}}"} } }
            """;
        var create = Task(new string('y', MaxRequestBytes - Encoding.UTF8.GetByteCount(Task(""))));
        Assert.That((await _host.PostAsync("/xcron/createTask", create)).Code, Is.Zero);

        await AssertIsTakenOverAsync();
    }

    [Test]
    public async Task Updates_make_none_that_is_larger_than_one_request_could()
    {
        var headers = string.Join(',', Enumerable.Range(0, 7).Select(number =>
            $"\"h{number}\":\"{new string('v', 8192)}\""));
        await _host.PostAsync("/xcron/createTask", Create($"{{\"x\":\"{new string('y', 60_000)}\"}}"));
        var hash = _state.StateHash();

        var grown = await _host.PostAsync(
            "/xcron/updateTask", $$"""{"task_id":"1001","callback":{"headers":{ {{headers}} } } }""");
        var exchanged = await _host.PostAsync(
            "/xcron/updateTask", $$"""{"task_id":"1001","callback":{"body":{"a":1},"headers":{ {{headers}} } } }""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((grown.Code, exchanged.Code), Is.EqualTo((1041, 0)), exchanged.Text);
            Assert.That(grown.Message, Does.StartWith("the task would have 117").And.Contain("at most 66560"));
            Assert.That(hash, Is.Not.EqualTo(_state.StateHash()), "the second is written, the first was not");
        }

        await AssertIsTakenOverAsync();
    }

    [Test]
    public async Task One_that_is_too_large_already_may_be_changed_but_does_not_grow()
    {
        var former = new ApiHost(4 * MaxRequestBytes, _state);
        await former.PostAsync("/xcron/createTask", Create($"{{\"x\":\"{new string('y', 200_000)}\"}}"));

        var shorter = await _host.PostAsync(
            "/xcron/updateTask", """{"task_id":"1001","callback":{"url":"http://a"}}""");
        var longer = await _host.PostAsync(
            "/xcron/updateTask", """{"task_id":"1001","callback":{"url":"http://a.test/xyz"}}""");

        Assert.That((shorter.Code, longer.Code), Is.EqualTo((0, 1041)), shorter.Text);
    }

    [Test]
    public async Task No_line_by_hand_makes_a_larger_one()
    {
        var body = $$"""{"x":"{{new string('y', MaxRequestBytes + 1024)}}"}""";

        var import = await _host.PostAsync("/xcron/import", $$"""{"task_id":"7","task":{{Create(body)}} }""");

        var error = import.Data.GetProperty("errors").EnumerateArray().Single();
        Assert.That(error.GetProperty("code").GetInt32(), Is.EqualTo(1041));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain("max_request_bytes (65536)"));
        Assert.That(_state.Find(new TaskId(7)), Is.Null);
    }

    private async Task AssertIsTakenOverAsync()
    {
        var context = ApiHost.Request("GET", "/xcron/export");
        await _host.Endpoints.HandleAsync(context);
        await context.Response.CompleteAsync();
        var export = ((MemoryStream)context.Response.Body).ToArray();
        var taken = new SchedulerState();

        var import = await new ApiHost(MaxRequestBytes, taken)
            .SendAsync(ApiHost.ChunkedRequest("/xcron/import", export, 4096));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(export, Has.Length.LessThan(TaskSize.MostLineBytes(MaxRequestBytes)));
            Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(1), import.Text);
            Assert.That(
                taken.Find(new TaskId(1001))!.Definition, Is.EqualTo(_state.Find(new TaskId(1001))!.Definition));
        }
    }

    private static string Create(string body) =>
        $$"""{"type":2,"format":"+1h","callback":{"url":"http://a.test/","body":{{body}} } }""";
}
