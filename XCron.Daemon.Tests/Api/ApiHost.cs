using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>The API without a server: requests go in as contexts.</summary>
internal sealed class ApiHost
{
    private static readonly OwnerSession Proposer = new(new NodeId(1), 7);

    private long _lastTaskId = 1000;

    /// <param name="maxRequestBytes">As in the configuration.</param>
    /// <param name="state">The real state, instead of one that a test may fill.</param>
    /// <param name="keys">Those that open it; none by default.</param>
    public ApiHost(
        int maxRequestBytes = ApiServices.DefaultMaxRequestBytes, SchedulerState? state = null, ApiKeys? keys = null)
    {
        Gateway = new InMemoryGateway(state is null ? Tasks.Apply : new AppliedLog(state).Apply);
        Services = new ApiServices
        {
            Gateway = Gateway,
            Tasks = state is null ? Tasks : state,
            Cluster = Cluster,
            CallbackRules = new MetadataRule(),
            Keys = keys ?? ApiKeys.Off,
            Time = Time,
            RequestIds = new RequestIdSource(new Random(1), Time),
            NextTaskId = NextTaskId,
            Proposer = Proposer,
            ReportDefect = (id, exception) => Defects.Add((id, exception)),
            AwaitCallers = (callers, _) =>
            {
                Awaited.Add(callers);
                return Task.CompletedTask;
            },
            Rates = () => Rates,
            DefaultTimezone = "Asia/Shanghai",
            Version = "0.1.0",
            MaxRequestBytes = maxRequestBytes,
        };
        Endpoints = new ApiEndpoints(Services);
    }

    public FixedTime Time { get; } = new();

    public InMemoryTasks Tasks { get; } = new();

    public FixedCluster Cluster { get; } = new();

    public InMemoryGateway Gateway { get; }

    public ApiServices Services { get; }

    public ApiEndpoints Endpoints { get; }

    public RateFigures? Rates { get; set; }

    /// <summary>Whose catching up was waited for.</summary>
    public List<IReadOnlyList<NodeId>> Awaited { get; } = [];

    public List<(Guid RequestId, Exception Exception)> Defects { get; } = [];

    public Task<ApiAnswer> PostAsync(string path, string body) => SendAsync(Request("POST", path, body));

    public Task<ApiAnswer> GetAsync(string path) => SendAsync(Request("GET", path));

    /// <summary>Ids are drawn from 1001 on, unless a test says which come first.</summary>
    public Queue<long> NextIds { get; } = [];

    public static DefaultHttpContext Request(string method, string target, string? body = null) =>
        Request(method, target, body is null ? null : Encoding.UTF8.GetBytes(body));

    public static DefaultHttpContext Request(string method, string target, byte[]? body)
    {
        var query = target.IndexOf('?');
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Host = new HostString("xcron.test", 8000);
        context.Request.Path = query < 0 ? target : target[..query];
        context.Request.QueryString = new QueryString(query < 0 ? null : target[query..]);
        context.Response.Body = new MemoryStream();
        if (body is null)
            return context;
        context.Request.Body = new MemoryStream(body);
        context.Request.ContentLength = body.Length;
        return context;
    }

    /// <summary>A body that comes in pieces and without a length.</summary>
    public static DefaultHttpContext ChunkedRequest(
        string target, byte[] body, int pieceBytes, Exception? endsWith = null)
    {
        var context = Request("POST", target, (byte[]?)null);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 16));
        foreach (var piece in body.Chunk(pieceBytes))
        {
            piece.CopyTo(pipe.Writer.GetMemory(pieceBytes));
            pipe.Writer.Advance(piece.Length);
        }

        pipe.Writer.Complete(endsWith);
        context.Features.Set<IRequestBodyPipeFeature>(new BodyPipe(pipe.Reader));
        return context;
    }

    public async Task<ApiAnswer> SendAsync(DefaultHttpContext context)
    {
        await Endpoints.HandleAsync(context);
        return await ReadAsync(context);
    }

    public static async Task<ApiAnswer> ReadAsync(DefaultHttpContext context)
    {
        await context.Response.CompleteAsync();
        var text = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        var headers = context.Response.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        var answer = new ApiAnswer(context.Response.StatusCode, headers, text);
        AssertEnvelope(answer);
        return answer;
    }

    /// <summary>The one task of the last command submitted.</summary>
    public CreateTask LastCreated() => TaskCommand.Parser.ParseFrom(Gateway.Submitted[^1]).Create.Tasks.Single();

    public TaskDefinition LastDefinition() => TaskDefinition.Parser.ParseFrom(LastCreated().Definition);

    /// <summary>What holds of every answer there is.</summary>
    private static void AssertEnvelope(ApiAnswer answer)
    {
        var names = answer.Envelope.EnumerateObject().Select(property => property.Name).ToArray();
        var uuid = answer.Envelope.GetProperty("uuid").GetString();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(names, Is.EqualTo(new[] { "uuid", "code", answer.Code == 0 ? "data" : "message" }));
            Assert.That(answer.Status == 200, Is.EqualTo(answer.Code == 0), "status 200 where code is 0");
            Assert.That(Guid.TryParseExact(uuid, "D", out _), "uuid");
            Assert.That(answer.Headers["X-Request-Id"], Is.EqualTo(uuid));
            Assert.That(answer.Headers["Content-Type"], Is.EqualTo("application/json"));
            var length = Encoding.UTF8.GetByteCount(answer.Text);
            Assert.That(answer.Headers["Content-Length"], Is.EqualTo(length.ToString()));
            Assert.That(answer.Headers.ContainsKey("Retry-After"), Is.EqualTo(answer.Code is 1050 or 1051));
        }
    }

    private TaskId NextTaskId() => new(NextIds.TryDequeue(out var id) ? id : ++_lastTaskId);

    private sealed class BodyPipe(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }

    private sealed class MetadataRule : ICallbackRules
    {
        public string? Check(Uri target) => target.Host == "169.254.169.254" ? "169.254.0.0/16 is denied" : null;
    }
}
