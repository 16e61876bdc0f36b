using System.Text;
using System.Text.Json;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

/// <summary>A callback's body may be nested equally deep whatever it comes in, and what is deeper is told so.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BodyDepthTests
{
    private const int Most = 62;
    private const string Refusal = "is nested deeper than 62; must be a";

    private readonly ApiHost _host = new(state: new SchedulerState());

    [TestCase(Most, 0)]
    [TestCase(Most + 1, 1000)]
    [TestCase(100_000, 1000)]
    public async Task In_a_create_and_an_update(int depth, int code)
    {
        await _host.PostAsync("/xcron/createTask", Create("{}"));

        var created = await _host.PostAsync("/xcron/createTask", Create(Deep(depth)));
        var updated = await _host.PostAsync(
            "/xcron/updateTask", $$"""{"task_id":"1001","callback":{"body":{{Deep(depth)}} } }""");

        Assert.That((created.Code, updated.Code), Is.EqualTo((code, code)), created.Text);
        foreach (var refused in new[] { created, updated }.Where(answer => answer.Code != 0))
            Assert.That(refused.Message, Does.StartWith($"callback.body {Refusal}"));
    }

    [TestCase(Most, 0)]
    [TestCase(Most + 1, 1000)]
    [TestCase(100_000, 1000)]
    public async Task In_one_task_of_many_which_is_no_other_s_affair(int depth, int code)
    {
        var batch = await _host.PostAsync(
            "/xcron/createTasks", $$"""{"tasks":[{{Create("{}")}},{{Create(Deep(depth))}},{{Create("{}")}}]}""");

        var results = batch.Data.GetProperty("results").EnumerateArray().ToArray();
        Assert.That(results.Select(CodeOf), Is.EqualTo((int[])[0, code, 0]));
        if (code != 0)
            Assert.That(results[1].GetProperty("message").GetString(), Does.StartWith($"callback.body {Refusal}"));
    }

    [TestCase(Most, 0)]
    [TestCase(Most + 1, 1000)]
    [TestCase(100_000, 1000)]
    public async Task In_a_line_of_an_import_as_a_body_or_as_its_text(int depth, int code)
    {
        var asText = JsonSerializer.Serialize(Deep(depth).Insert(1, "\n"));

        var import = await _host.PostAsync("/xcron/import", $$"""
            {"task_id":"7","task":{{Create(Deep(depth))}} }
            {"task_id":"8","body_text":{{asText}},"task":{{Create(null)}} }
            {"task_id":"9","task":{{Create("{}")}} }
            """);

        var errors = import.Data.GetProperty("errors").EnumerateArray().ToArray();
        Assert.That(errors.Select(CodeOf), Is.EqualTo(code == 0 ? [] : (int[])[code, code]), import.Text);
        Assert.That(
            errors.Select(error => error.GetProperty("message").GetString()), Is.All.Contains(Refusal));
    }

    [Test]
    public async Task What_was_created_as_deep_as_may_be_is_taken_over_by_another_cluster()
    {
        await _host.PostAsync("/xcron/createTask", Create(Deep(Most)));
        await _host.PostAsync("/xcron/createTask", Create(Deep(Most).Insert(1, "\n")));
        var context = ApiHost.Request("GET", "/xcron/export");
        await _host.Endpoints.HandleAsync(context);
        await context.Response.CompleteAsync();
        var export = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());

        var import = await new ApiHost(state: new SchedulerState()).PostAsync("/xcron/import", export);

        Assert.That(import.Data.GetProperty("created").GetInt32(), Is.EqualTo(2), import.Text);
    }

    private static int CodeOf(JsonElement result) => result.GetProperty("code").GetInt32();

    private static string Create(string? body) =>
        """{"type":2,"format":"+1h","callback":{"url":"http://a.test" """ +
        (body is null ? "" : $",\"body\":{body}") + "}}";

    /// <summary>An object of so many levels, itself the first, the others arrays.</summary>
    private static string Deep(int levels) =>
        $$"""{"a":{{new string('[', levels - 1)}}{{new string(']', levels - 1)}}}""";
}
