using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class ApiEndpointsTests
{
    private const string Create = "/xcron/createTask";
    private const string Good = """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""";

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    [TestCase("/")]
    [TestCase("/xcron")]
    [TestCase("/xcron/")]
    [TestCase("/xcron/createtask")]
    [TestCase("/xcron/createTask/")]
    [TestCase("/xcron/listTask")]
    [TestCase("/metrics")]
    public async Task An_unknown_path_is_1031(string path)
    {
        var answer = await _host.PostAsync(path, Good);

        Assert.That(answer.Code, Is.EqualTo(1031));
        Assert.That(answer.Status, Is.EqualTo(404));
    }

    [TestCase("GET", "/xcron/createTask", "POST")]
    [TestCase("PUT", "/xcron/createTasks", "POST")]
    [TestCase("DELETE", "/xcron/deleteTask", "POST")]
    [TestCase("POST", "/xcron/queryTask", "GET")]
    [TestCase("HEAD", "/xcron/queryTask", "GET")]
    [TestCase("OPTIONS", "/xcron/previewSchedule", "GET")]
    [TestCase("POST", "/xcron/cluster", "GET")]
    [TestCase("POST", "/xcron/stats", "GET")]
    public async Task A_wrong_method_is_405(string method, string path, string allowed)
    {
        var answer = await _host.SendAsync(ApiHost.Request(method, path, "{}"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(1031));
            Assert.That(answer.Status, Is.EqualTo(405));
            Assert.That(answer.Headers["Allow"], Is.EqualTo(allowed));
        }
    }

    [TestCase(null)]
    [TestCase("application/json")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("text/plain")]
    public async Task A_body_is_JSON_whatever_its_type(string? contentType)
    {
        var context = ApiHost.Request("POST", Create, Good);
        context.Request.ContentType = contentType;

        Assert.That((await _host.SendAsync(context)).Code, Is.Zero);
    }

    [TestCase("text/plain", "cross-site", null, true)]
    [TestCase(null, "cross-site", null, true)]
    [TestCase("application/jsonp", "cross-site", null, true)]
    [TestCase("application/json", "cross-site", null, false)]
    [TestCase("Application/JSON; charset=utf-8", "cross-site", "http://evil.test", false)]
    [TestCase("text/plain", "same-origin", "http://xcron.test:8000", false)]
    [TestCase("text/plain", "none", null, false)]
    [TestCase("text/plain", null, "http://evil.test", true)]
    [TestCase("text/plain", null, "http://xcron.test", true)]
    [TestCase("text/plain", null, "null", true)]
    [TestCase("text/plain", null, "", true)]
    [TestCase("text/plain", null, "http://XCRON.test:8000", false)]
    public async Task A_browser_s_request_from_another_site_is_refused(
        string? contentType, string? site, string? origin, bool isRefused)
    {
        var context = ApiHost.Request("POST", Create, Good);
        context.Request.ContentType = contentType;
        if (site is not null)
            context.Request.Headers["Sec-Fetch-Site"] = site;
        if (origin is not null)
            context.Request.Headers.Origin = origin;

        var answer = await _host.SendAsync(context);

        Assert.That(answer.Code, Is.EqualTo(isRefused ? 1061 : 0));
        Assert.That(answer.Status, Is.EqualTo(isRefused ? 403 : 200));
    }

    [TestCase("/xcron/createTask")]
    [TestCase("/xcron/createTasks")]
    [TestCase("/xcron/deleteTask")]
    public async Task A_body_over_the_limit_is_refused_with_or_without_a_length(string path)
    {
        var host = new ApiHost(maxRequestBytes: 100);
        var body = Encoding.UTF8.GetBytes(new string(' ', 101));
        var streamed = ApiHost.Request("POST", path, body);
        streamed.Request.ContentLength = null;

        var answers = new[]
        {
            await host.SendAsync(ApiHost.Request("POST", path, body)),
            await host.SendAsync(ApiHost.ChunkedRequest(path, body, 7)),
            await host.SendAsync(streamed),
        };

        Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(1041));
        Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(413));
    }

    [Test]
    public async Task A_body_of_just_the_limit_in_pieces_is_taken()
    {
        var body = Encoding.UTF8.GetBytes(Good);
        var host = new ApiHost(maxRequestBytes: body.Length);

        var answers = new[]
        {
            await host.SendAsync(ApiHost.Request("POST", Create, body)),
            await host.SendAsync(ApiHost.ChunkedRequest(Create, body, 7)),
            await host.SendAsync(ApiHost.ChunkedRequest(Create, body, body.Length)),
        };

        Assert.That(answers.Select(answer => answer.Code), Is.All.Zero);
    }

    [TestCase(400, 1000, "Bad chunk size data.")]
    [TestCase(408, 1000, "Bad chunk size data.")]
    [TestCase(413, 1041, "max_request_bytes")]
    public async Task A_body_that_the_server_cannot_read_is_the_client_s_mistake(int status, int code, string inMessage)
    {
        var exception = new BadHttpRequestException("Bad chunk size data.", status);

        var answer = await _host.SendAsync(ApiHost.ChunkedRequest(Create, [1], 1, exception));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
            Assert.That(answer.Message, Does.Contain(inMessage));
            Assert.That(_host.Defects, Is.Empty);
        }
    }

    [Test]
    public async Task A_client_that_leaves_while_it_sends_is_no_defect()
    {
        var exception = new Microsoft.AspNetCore.Connections.ConnectionResetException("reset");
        var context = ApiHost.ChunkedRequest(Create, [1], 1, exception);

        await _host.Endpoints.HandleAsync(context);

        Assert.That(context.Response.HasStarted, Is.False);
        Assert.That(_host.Defects, Is.Empty);
    }

    [TestCase("/xcron/createTask?type=1")]
    [TestCase("/xcron/createTasks?x=1")]
    [TestCase("/xcron/deleteTask?task_id=1001")]
    public async Task A_post_takes_no_query_parameters(string target)
    {
        var answer = await _host.PostAsync(target, Good);

        Assert.That(answer.Code, Is.EqualTo(1000));
        Assert.That(answer.Message, Does.Contain("JSON body"));
    }

    private static IEnumerable<object[]> Endings() =>
    [
        [Rejected(RejectReason.NotLeader), 1050, 503, "nothing was written"],
        [Rejected(RejectReason.Stopping), 1050, 503, "nothing was written"],
        [Rejected(RejectReason.Overloaded), 1051, 429, "nothing was written"],
        [Rejected(RejectReason.DiskFull), 1052, 503, "disk is full"],
        [Rejected(RejectReason.TooLarge), 1041, 413, "nothing was written"],
        [new ProposeOutcome.Unknown(), 1050, 503, "outcome is unknown"],
    ];

    [TestCaseSource(nameof(Endings))]
    public async Task A_write_that_was_not_applied_has_its_code(
        ProposeOutcome ending, int code, int status, string inMessage)
    {
        _host.Gateway.Ending = ending;

        var answers = new[]
        {
            await _host.PostAsync(Create, Good),
            await _host.PostAsync("/xcron/createTasks", $$"""{"tasks":[{{Good}}]}"""),
            await _host.PostAsync("/xcron/deleteTask", """{"name":"x"}"""),
        };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(code));
            Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(status));
            Assert.That(answers.Select(answer => answer.Message), Is.All.Contains(inMessage));
        }
    }

    [Test]
    public async Task A_defect_is_reported_under_the_uuid_of_the_answer()
    {
        _host.Gateway.Ending = new ProposeOutcome.Applied(new LogIndex(1), new Term(1), new ApplyResult(77));

        var create = await _host.PostAsync(Create, Good);
        var delete = await _host.PostAsync("/xcron/deleteTask", """{"name":"x"}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(create.Code, Is.EqualTo(1099));
            Assert.That(create.Status, Is.EqualTo(500));
            Assert.That(delete.Code, Is.EqualTo(1099));
            Assert.That(
                _host.Defects.Select(defect => defect.RequestId.ToString()),
                Is.EqualTo(new[] { create.Headers["X-Request-Id"], delete.Headers["X-Request-Id"] }));
        }
    }

    [Test]
    public async Task A_client_that_leaves_abandons_the_wait_and_not_the_command()
    {
        using var aborted = new CancellationTokenSource();
        _host.Gateway.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = ApiHost.Request("POST", "/xcron/deleteTask", """{"name":"x"}""");
        context.RequestAborted = aborted.Token;

        var handling = _host.Endpoints.HandleAsync(context);
        await aborted.CancelAsync();
        await handling;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(1));
            Assert.That(context.Response.HasStarted, Is.False);
            Assert.That(_host.Defects, Is.Empty);
        }
    }

    [Test]
    public async Task A_create_is_answered_when_the_gateway_is_done_and_not_before()
    {
        _host.Gateway.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = ApiHost.Request("POST", Create, Good);

        var handling = _host.Endpoints.HandleAsync(context);
        var wasCompleted = handling.IsCompleted;
        _host.Gateway.Gate.SetResult();
        await handling;

        Assert.That(wasCompleted, Is.False);
        Assert.That((await ApiHost.ReadAsync(context)).Code, Is.Zero);
    }

    [Test]
    public async Task The_API_takes_its_paths_and_leaves_the_others_to_the_next()
    {
        var builder = new ApplicationBuilder(new NoServices());
        _host.Endpoints.Map(builder);
        builder.Use(next => context => context.Request.Path == "/" ? WriteTeapotAsync(context) : next(context));
        _host.Endpoints.MapRest(builder);
        var pipeline = builder.Build();

        var dashboard = ApiHost.Request("GET", "/");
        await pipeline(dashboard);
        var stats = ApiHost.Request("GET", "/xcron/stats");
        await pipeline(stats);
        var rest = ApiHost.Request("GET", "/nowhere");
        await pipeline(rest);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(dashboard.Response.StatusCode, Is.EqualTo(418));
            Assert.That((await ApiHost.ReadAsync(stats)).Code, Is.Zero);
            Assert.That((await ApiHost.ReadAsync(rest)).Code, Is.EqualTo(1031));
        }
    }

    private static ProposeOutcome.Rejected Rejected(RejectReason reason) => new(reason, NodeId.None);

    private static Task WriteTeapotAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status418ImATeapot;
        return Task.CompletedTask;
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
