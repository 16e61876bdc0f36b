using Microsoft.AspNetCore.Connections;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>Finds the call that a request means, and sees to it that every request ends with an envelope.</summary>
internal sealed class ApiEndpoints
{
    private const string Prefix = "/xcron/";

    private readonly ApiServices _services;
    private readonly Dictionary<string, Route> _routes = new(StringComparer.Ordinal);
    private readonly ApiError _unknownPath;

    public ApiEndpoints(ApiServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        var intake = new TaskIntake(services);
        Add(ApiCalls.CreateTask, new CreateTaskEndpoint(services, intake));
        Add(ApiCalls.CreateTasks, new CreateTasksEndpoint(services, intake));
        Add(ApiCalls.UpdateTask, new UpdateTaskEndpoint(services, intake));
        Add(ApiCalls.DeleteTask, new DeleteTaskEndpoint(services));
        Add(ApiCalls.PauseTask, new PauseTaskEndpoint(services));
        Add(ApiCalls.ResumeTask, new ResumeTaskEndpoint(services));
        Add(ApiCalls.RunTask, new RunTaskEndpoint(services));
        Add(ApiCalls.QueryTask, new QueryTaskEndpoint(services));
        Add(ApiCalls.ListTasks, new ListTasksEndpoint(services));
        Add(ApiCalls.ListRuns, new ListRunsEndpoint(services));
        Add(ApiCalls.PreviewSchedule, new PreviewScheduleEndpoint(services));
        Add(ApiCalls.Export, new ExportEndpoint(services));
        Add(ApiCalls.Import, new ImportEndpoint(services, intake));
        Add(ApiCalls.Cluster, new ClusterEndpoint(services));
        Add(ApiCalls.AddPeer, new MemberEndpoint(services, MemberAction.Add));
        Add(ApiCalls.RemovePeer, new MemberEndpoint(services, MemberAction.Remove));
        Add(ApiCalls.TransferLeader, new MemberEndpoint(services, MemberAction.TransferLeader));
        Add(ApiCalls.Stats, new StatsEndpoint(services));
        Add(ApiCalls.OpenApi, new OpenApiEndpoint(() => OpenApiDocument.Write(Calls, services.Version)));
        _unknownPath = new ApiError(
            ApiCode.NoSuchPath,
            $"there is no such path; known under {Prefix} are {string.Join(", ", NamesUnderPrefix())}");
    }

    /// <summary>Every call and its HTTP method.</summary>
    public IEnumerable<(ApiCall Call, string Method)> Calls =>
        _routes.Values.Select(static route => (route.Call, route.Endpoint.Method));

    /// <summary>
    /// Takes all that is under /xcron/, and its document; the rest goes on to what is mapped after it.
    /// </summary>
    public void Map(IApplicationBuilder app) => app.Use(next => context => IsOwn(context.Request.Path.Value)
        ? HandleAsync(context)
        : next(context));

    /// <summary>Answers what nobody before it took; to be mapped last.</summary>
    public void MapRest(IApplicationBuilder app) => app.Run(HandleAsync);

    public async Task HandleAsync(HttpContext context)
    {
        var requestId = _services.RequestIds.Next();
        var request = context.Request;
        var route = _routes.GetValueOrDefault(request.Path.Value ?? "");
        try
        {
            if (route is null)
                await Answer.ErrorAsync(context, requestId, _unknownPath);
            else if (request.Method != route.Endpoint.Method)
                await RefuseMethodAsync(context, requestId, route.Endpoint.Method);
            else if (Refuse(request, route.Call) is { } refusal)
                await Answer.ErrorAsync(context, requestId, refusal);
            else
                await route.Endpoint.HandleAsync(context, requestId);
        }
        catch (Exception exception) when (IsClientGone(context, exception))
        {
            // Nobody is left to answer. What was proposed goes its way.
        }
        catch (Exception exception)
        {
            _services.ReportDefect(requestId, exception);
            await AnswerDefectAsync(context, requestId);
        }

        _services.RequestFinished(route?.Call.Path ?? "other", context.Response.StatusCode);
    }

    private static bool IsClientGone(HttpContext context, Exception exception) => exception switch
    {
        ConnectionResetException or ConnectionAbortedException => true,
        OperationCanceledException or IOException => context.RequestAborted.IsCancellationRequested,
        _ => false,
    };

    private static Task RefuseMethodAsync(HttpContext context, Guid requestId, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        var error = new ApiError(
            ApiCode.NoSuchPath, $"this path does not answer to {context.Request.Method}; must be {allowed}");
        return Answer.ErrorAsync(context, requestId, error, StatusCodes.Status405MethodNotAllowed);
    }

    private static async Task AnswerDefectAsync(HttpContext context, Guid requestId)
    {
        if (context.Response.HasStarted)
        {
            // The client must not take half an answer for a whole one.
            context.Abort();
            return;
        }

        context.Response.Clear();
        await Answer.ErrorAsync(
            context, requestId, new ApiError(ApiCode.Defect, "a defect of xcron's; it is logged under this uuid"));
    }

    private static bool IsOwn(string? path) =>
        path is not null && (path.StartsWith(Prefix, StringComparison.Ordinal) || path == ApiCalls.OpenApi.Path);

    private ApiError? Refuse(HttpRequest request, ApiCall call) =>
        HttpMethods.IsPost(request.Method) && CrossSite.Refuses(request)
            ? CrossSite.Refusal
            : _services.Keys.Refuse(request, call.Role);

    private void Add(ApiCall call, IApiEndpoint endpoint) => _routes.Add(call.Path, new Route(call, endpoint));

    private IEnumerable<string> NamesUnderPrefix() => _routes.Keys
        .Where(static path => path.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(static path => path[Prefix.Length..]);

    private sealed record Route(ApiCall Call, IApiEndpoint Endpoint);
}
