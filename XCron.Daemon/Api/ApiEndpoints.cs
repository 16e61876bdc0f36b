using Microsoft.AspNetCore.Connections;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>Finds the call that a request means, and sees to it that every request ends with an envelope.</summary>
internal sealed class ApiEndpoints
{
    private const string Prefix = "/xcron/";

    private static readonly ApiError UnknownPath = new(
        ApiCode.NoSuchPath,
        "there is no such path; known under /xcron/ are createTask, createTasks, updateTask, deleteTask, pauseTask, " +
        "resumeTask, runTask, queryTask, listRuns, previewSchedule, cluster, addPeer, removePeer, transferLeader and " +
        "stats");

    private readonly ApiServices _services;
    private readonly CreateTaskEndpoint _createTask;
    private readonly CreateTasksEndpoint _createTasks;
    private readonly DeleteTaskEndpoint _deleteTask;
    private readonly QueryTaskEndpoint _queryTask;
    private readonly UpdateTaskEndpoint _updateTask;
    private readonly PauseTaskEndpoint _pauseTask;
    private readonly ResumeTaskEndpoint _resumeTask;
    private readonly RunTaskEndpoint _runTask;
    private readonly ListRunsEndpoint _listRuns;
    private readonly PreviewScheduleEndpoint _previewSchedule;
    private readonly ClusterEndpoint _cluster;
    private readonly StatsEndpoint _stats;
    private readonly MemberEndpoint _addPeer;
    private readonly MemberEndpoint _removePeer;
    private readonly MemberEndpoint _transferLeader;

    public ApiEndpoints(ApiServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        var intake = new TaskIntake(services);
        _createTask = new CreateTaskEndpoint(services, intake);
        _createTasks = new CreateTasksEndpoint(services, intake);
        _deleteTask = new DeleteTaskEndpoint(services);
        _queryTask = new QueryTaskEndpoint(services);
        _updateTask = new UpdateTaskEndpoint(services, intake);
        _pauseTask = new PauseTaskEndpoint(services);
        _resumeTask = new ResumeTaskEndpoint(services);
        _runTask = new RunTaskEndpoint(services);
        _listRuns = new ListRunsEndpoint(services);
        _previewSchedule = new PreviewScheduleEndpoint(services);
        _cluster = new ClusterEndpoint(services);
        _stats = new StatsEndpoint(services);
        _addPeer = new MemberEndpoint(services, MemberAction.Add);
        _removePeer = new MemberEndpoint(services, MemberAction.Remove);
        _transferLeader = new MemberEndpoint(services, MemberAction.TransferLeader);
    }

    /// <summary>Takes all that is under /xcron/; the rest goes on to what is mapped after it.</summary>
    public void Map(IApplicationBuilder app) => app.Use(next => context =>
        context.Request.Path.Value?.StartsWith(Prefix, StringComparison.Ordinal) == true
            ? HandleAsync(context)
            : next(context));

    /// <summary>Answers what nobody before it took; to be mapped last.</summary>
    public void MapRest(IApplicationBuilder app) => app.Run(HandleAsync);

    public async Task HandleAsync(HttpContext context)
    {
        var requestId = _services.RequestIds.Next();
        var request = context.Request;
        var endpoint = Find(request.Path.Value);
        try
        {
            if (endpoint is null)
                await Answer.ErrorAsync(context, requestId, UnknownPath);
            else if (request.Method != endpoint.Method)
                await RefuseMethodAsync(context, requestId, endpoint.Method);
            else if (HttpMethods.IsPost(request.Method) && CrossSite.Refuses(request))
                await Answer.ErrorAsync(context, requestId, CrossSite.Refusal);
            else
                await endpoint.HandleAsync(context, requestId);
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

        _services.RequestFinished(endpoint is null ? "other" : request.Path.Value!, context.Response.StatusCode);
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

    private IApiEndpoint? Find(string? path) => path switch
    {
        "/xcron/createTask" => _createTask,
        "/xcron/createTasks" => _createTasks,
        "/xcron/deleteTask" => _deleteTask,
        "/xcron/queryTask" => _queryTask,
        "/xcron/updateTask" => _updateTask,
        "/xcron/pauseTask" => _pauseTask,
        "/xcron/resumeTask" => _resumeTask,
        "/xcron/runTask" => _runTask,
        "/xcron/listRuns" => _listRuns,
        "/xcron/previewSchedule" => _previewSchedule,
        "/xcron/cluster" => _cluster,
        "/xcron/stats" => _stats,
        "/xcron/addPeer" => _addPeer,
        "/xcron/removePeer" => _removePeer,
        "/xcron/transferLeader" => _transferLeader,
        _ => null,
    };
}
