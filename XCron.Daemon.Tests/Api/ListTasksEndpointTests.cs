using System.Text.Json;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

internal sealed class ListTasksEndpointTests
{
    private const string Path = "/xcron/listTasks";

    private SchedulerState _state = null!;
    private AppliedLog _log = null!;
    private ApiHost _host = null!;

    [SetUp]
    public void SetUp()
    {
        _state = new SchedulerState();
        _log = new AppliedLog(_state);
        _host = new ApiHost(state: _state);
    }

    [Test]
    public async Task Tasks_come_by_rising_id_page_by_page_and_the_last_page_says_so()
    {
        foreach (var id in (long[])[30, 10, 50, 20, 40])
            await CreateAsync(id);

        var first = await _host.GetAsync($"{Path}?limit=2");
        var second = await _host.GetAsync($"{Path}?limit=2&cursor={CursorOf(first)}");
        var third = await _host.GetAsync($"{Path}?limit=2&cursor={CursorOf(second)}");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(IdsOf(first), Is.EqualTo((long[])[10, 20]));
            Assert.That(IdsOf(second), Is.EqualTo((long[])[30, 40]));
            Assert.That(IdsOf(third), Is.EqualTo((long[])[50]));
            Assert.That(CursorOf(third), Is.Null);
            Assert.That(_host.Gateway.Barriers, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task A_task_is_listed_as_it_is_queried()
    {
        await CreateAsync(7, ""","name":"settle","tags":{"a":"1"}""");

        var listed = await _host.GetAsync(Path);
        var queried = await _host.GetAsync("/xcron/queryTask?task_id=7");

        Assert.That(listed.Data.GetProperty("tasks")[0].GetRawText(), Is.EqualTo(queried.Data.GetRawText()));
    }

    [Test]
    public async Task An_empty_state_has_one_empty_page()
    {
        var answer = await _host.GetAsync(Path);

        Assert.That(answer.Data.GetRawText(), Is.EqualTo("""{"tasks":[],"next_cursor":null}"""));
    }

    [Test]
    public async Task A_page_has_50_tasks_unless_it_is_asked_for_more()
    {
        for (var id = 1; id <= 60; id++)
            await CreateAsync(id);

        Assert.That(IdsOf(await _host.GetAsync(Path)), Has.Length.EqualTo(50));
        Assert.That(IdsOf(await _host.GetAsync($"{Path}?limit=1000")), Has.Length.EqualTo(60));
    }

    [TestCase("type=1", new long[] { 3 })]
    [TestCase("type=2", new long[] { 1, 2, 4 })]
    [TestCase("name_prefix=pay/", new long[] { 1, 2 })]
    [TestCase("name_prefix=pay%2Fb", new long[] { 2 })]
    [TestCase("url_prefix=http://b.test", new long[] { 4 })]
    [TestCase("tag=team:red", new long[] { 1, 2 })]
    [TestCase("tag=team:red&tag=team:red", new long[] { 1, 2 })]
    [TestCase("tag=team:red&tag=tier:a:b", new long[] { 2 })]
    [TestCase("tag=team:", new long[] { 3 })]
    [TestCase("tag=team:blue", new long[] { })]
    [TestCase("state=scheduled&tag=team:red&type=2&name_prefix=pay", new long[] { 1, 2 })]
    [TestCase("state=paused", new long[] { })]
    [TestCase("state=expired", new long[] { })]
    public async Task Filters_are_taken_together(string query, long[] expected)
    {
        await CreateAsync(1, ""","name":"pay/a","tags":{"team":"red"}""");
        await CreateAsync(2, ""","name":"pay/b","tags":{"team":"red","tier":"a:b"}""");
        await CreateAsync(3, ""","tags":{"team":""}""", """ "type":1,"format":"@daily" """);
        await CreateAsync(4, ""","name":"b" """, url: "http://b.test/x");

        var answer = await _host.GetAsync($"{Path}?{query}");

        Assert.That(answer.Code, Is.Zero, answer.Text);
        Assert.That(IdsOf(answer), Is.EqualTo(expected));
    }

    [TestCase("state=done", 1000, "state is \"done\"; must be one of scheduled, running")]
    [TestCase("type=3", 1020, "type is \"3\"; must be 1")]
    [TestCase("tag=team", 1000, "tag is \"team\"; must be")]
    [TestCase("tag=:x", 1000, "tag is \":x\"; must be")]
    [TestCase("name_prefix=", 1000, "name_prefix is \"\"; must be")]
    [TestCase("limit=0", 1000, "limit is \"0\"; must be an integer, 1 to 1000")]
    [TestCase("limit=1001", 1000, "limit is \"1001\"; must be")]
    [TestCase("limit=-1", 1000, "limit is \"-1\"; must be")]
    [TestCase("cursor=", 1000, "cursor is \"\"; must be")]
    [TestCase("cursor=AAAA", 1000, "cursor is \"AAAA\"; must be")]
    [TestCase("cursor=AgAAAAAAAAAA", 1000, "cursor is \"AgAAAAAAAAAA\"; must be")]
    [TestCase("cursor=%2B%2B%2B%2B%2B%2B%2B%2B%2B%2B%2B%2B", 1000, "cursor is \"++++++++++++\"; must be")]
    [TestCase("limit=1&limit=2", 1000, "given twice")]
    [TestCase("limits=1", 1000, "did you mean \"limit\"")]
    [TestCase("consistency=weak", 1000, "consistency is \"weak\"; must be")]
    public async Task What_cannot_be_meant_is_refused(string query, int code, string inMessage)
    {
        var answer = await _host.GetAsync($"{Path}?{query}");

        Assert.That(answer.Code, Is.EqualTo(code));
        Assert.That(answer.Message, Does.Contain(inMessage));
    }

    [Test]
    public async Task Without_a_barrier_it_is_1050_and_a_stale_listing_needs_none()
    {
        _host.Gateway.HasBarrier = false;

        Assert.That((await _host.GetAsync(Path)).Code, Is.EqualTo(1050));
        Assert.That((await _host.GetAsync($"{Path}?consistency=stale")).Code, Is.Zero);
    }

    [Test]
    public async Task A_filter_that_few_match_goes_on_over_bounded_pages()
    {
        const int Count = 2 * TaskPage.MaxLooks + 1000;
        Fill(Count);
        await CreateAsync(Count + 1, ""","name":"the-one" """);

        var found = new List<long>();
        var pages = 0;
        string? cursor = null;
        do
        {
            var answer = await _host.GetAsync(
                $"{Path}?name_prefix=the-one{(cursor is null ? "" : $"&cursor={cursor}")}");
            found.AddRange(IdsOf(answer));
            cursor = CursorOf(answer);
            pages++;
        }
        while (cursor is not null);

        Assert.That(found, Is.EqualTo((long[])[Count + 1]));
        Assert.That(pages, Is.EqualTo(3));
    }

    [Test]
    public async Task Large_definitions_make_smaller_pages()
    {
        var text = new string('x', 200_000);
        var body = $$$"""{"type":2,"format":"+30m","callback":{"url":"http://a.test","body":{"x":"{{{text}}}"} }}""";
        for (var task = 0; task < 30; task++)
            await _host.PostAsync("/xcron/createTask", body);

        var first = await _host.GetAsync($"{Path}?limit=1000");

        Assert.That(IdsOf(first), Has.Length.EqualTo(10));
        Assert.That(CursorOf(first), Is.Not.Null);
    }

    [Test]
    public async Task A_listing_never_repeats_or_misses_a_task_that_was_there_all_along([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        Fill(4000);
        var kept = Enumerable.Range(1, 4000).Where(id => id % 3 != 0).Select(id => (long)id).ToHashSet();
        var nextId = 4001L;

        var seen = new List<long>();
        string? cursor = null;
        do
        {
            var answer = await _host.GetAsync(
                $"{Path}?limit={random.Next(1, 300)}{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(IdsOf(answer));
            cursor = CursorOf(answer);
            for (var change = random.Next(20); change > 0 && nextId < 5000; change--)
            {
                _log.Apply(TaskCommands.EncodeDelete(new TaskId(3 * random.Next(1, 1334))));
                _log.Apply(Plain(nextId++));
            }
        }
        while (cursor is not null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Is.Unique, $"seed {seed}");
            Assert.That(seen, Is.Ordered, $"seed {seed}");
            Assert.That(kept.IsSubsetOf(seen), $"seed {seed}");
        }
    }

    private static long[] IdsOf(ApiAnswer answer) =>
    [
        .. answer.Data.GetProperty("tasks").EnumerateArray()
            .Select(task => long.Parse(task.GetProperty("task_id").GetString()!)),
    ];

    private static string? CursorOf(ApiAnswer answer) =>
        answer.Data.GetProperty("next_cursor") is { ValueKind: JsonValueKind.String } cursor
            ? cursor.GetString()
            : null;

    private static byte[] Plain(long id) => State.StateFixture.CreateCommand(id, State.StateFixture.Definition());

    private void Fill(int count)
    {
        for (var id = 1; id <= count; id++)
            _log.Apply(Plain(id));
    }

    private async Task CreateAsync(
        long id, string more = "", string what = """ "type":2,"format":"+30m" """, string url = "http://a.test/x")
    {
        _host.NextIds.Enqueue(id);
        var answer = await _host.PostAsync(
            "/xcron/createTask", $$$"""{{{{what}}},"callback":{"url":"{{{url}}}"}{{{more}}}}""");
        Assert.That(answer.Code, Is.Zero, answer.Text);
    }
}
