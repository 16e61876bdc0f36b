namespace XCron.Daemon.Api;

/// <summary>
/// Every call there is: its path, the role that it needs, what it takes and what it may answer. What is not here is not
/// routed, and what is here is in the OpenAPI document.
/// </summary>
internal static class ApiCalls
{
    /// <summary>What any call may answer.</summary>
    public static readonly int[] CommonCodes =
    [
        ApiCode.Ok, ApiCode.BadRequest, ApiCode.NoSuchPath, ApiCode.NoKey, ApiCode.NotAllowed, ApiCode.Defect,
    ];

    private static readonly int[] WriteCodes =
        [ApiCode.TooLarge, ApiCode.NoLeader, ApiCode.Overloaded, ApiCode.DiskFull];

    private static readonly int[] TaskCodes =
    [
        ApiCode.BadTimestamp, ApiCode.PastTimestamp, ApiCode.BadUrl, ApiCode.TargetNotAllowed, ApiCode.BadExpression,
        ApiCode.UnknownTimezone, ApiCode.BadType, ApiCode.Conflict,
    ];

    private static readonly int[] ChangeCodes = [ApiCode.NoSuchTask, ApiCode.Conflict, .. WriteCodes];

    private static readonly int[] MemberCodes = [ApiCode.Conflict, ApiCode.TooLarge, ApiCode.NoLeader];

    public static readonly ApiCall CreateTask = new("/xcron/createTask", ApiRole.Write, "Creates a task.")
    {
        Body = CreateFields.Task,
        Codes = [.. TaskCodes, .. WriteCodes],
    };

    public static readonly ApiCall CreateTasks =
        new("/xcron/createTasks", ApiRole.Write, "Creates many tasks, each with its own code in data.results.")
        {
            Body = CreateTasksEndpoint.Fields,
            Codes = [.. TaskCodes, .. WriteCodes],
        };

    public static readonly ApiCall DeleteTask =
        new("/xcron/deleteTask", ApiRole.Write, "Deletes a task; after the answer none of its attempts starts.")
        {
            Body = TaskKeyBody.Fields,
            Codes = [ApiCode.NoSuchTask, .. WriteCodes],
        };

    public static readonly ApiCall UpdateTask =
        new("/xcron/updateTask", ApiRole.Write, "Changes the fields given of a task; the rest stays.")
        {
            Body = CreateFields.Update,
            Codes = [ApiCode.NoSuchTask, .. TaskCodes, .. WriteCodes],
        };

    public static readonly ApiCall PauseTask =
        new("/xcron/pauseTask", ApiRole.Write, "Starts no further run of a task until it is resumed.")
        {
            Body = TaskKeyBody.Fields,
            Codes = ChangeCodes,
        };

    public static readonly ApiCall ResumeTask =
        new("/xcron/resumeTask", ApiRole.Write, "Ends a pause; due times that passed meanwhile go by misfire.")
        {
            Body = TaskKeyBody.Fields,
            Codes = ChangeCodes,
        };

    public static readonly ApiCall RunTask =
        new("/xcron/runTask", ApiRole.Write, "Makes one more run of a task at once; its schedule stays as it is.")
        {
            Body = TaskKeyBody.TimedFields,
            Codes = ChangeCodes,
        };

    public static readonly ApiCall QueryTask =
        new("/xcron/queryTask", ApiRole.Read, "Shows a task with every option, its state and its last run.")
        {
            Query = TaskQuery.Parameters,
            Codes = [ApiCode.NoSuchTask, ApiCode.NoLeader],
        };

    public static readonly ApiCall ListTasks =
        new("/xcron/listTasks", ApiRole.Read, "Lists tasks page by page, in the order of their ids.")
        {
            Query = ListTasksEndpoint.Parameters,
            Codes = [ApiCode.BadType, ApiCode.NoLeader],
        };

    public static readonly ApiCall ListRuns =
        new("/xcron/listRuns", ApiRole.Read, "Lists a task's runs: those going on, then the last ones, newest first.")
        {
            Query = TaskQuery.Parameters,
            Codes = [ApiCode.NoSuchTask, ApiCode.NoLeader],
        };

    public static readonly ApiCall PreviewSchedule =
        new("/xcron/previewSchedule", ApiRole.Read, "Says when a crontab expression fires next, and what it means.")
        {
            Query = PreviewScheduleEndpoint.Parameters,
            Codes = [ApiCode.BadExpression, ApiCode.UnknownTimezone],
        };

    public static readonly ApiCall Export =
        new("/xcron/export", ApiRole.Read, "Writes every task as of one moment, a line of JSON each.")
        {
            Query = ExportEndpoint.Parameters,
            AnswersLines = true,
            Codes = [ApiCode.NoLeader, ApiCode.Overloaded],
        };

    public static readonly ApiCall Import =
        new("/xcron/import", ApiRole.Admin, "Takes tasks over as export writes them; the same again changes nothing.")
        {
            Query = ImportEndpoint.Parameters,
            Body = TaskLine.Fields,
            TakesLines = true,
            Codes = [.. WriteCodes],
        };

    public static readonly ApiCall OpenApi =
        new("/openapi/v1.json", ApiRole.None, "This document.") { AnswersBare = true };

    public static readonly ApiCall Cluster =
        new("/xcron/cluster", ApiRole.Read, "Shows the cluster as this node sees it.");

    public static readonly ApiCall AddPeer =
        new("/xcron/addPeer", ApiRole.Admin, "Takes a node in: it learns first and votes once it has caught up.")
        {
            Body = MemberEndpoint.Fields,
            Codes = MemberCodes,
        };

    public static readonly ApiCall RemovePeer =
        new("/xcron/removePeer", ApiRole.Admin, "Takes a member out; the others go on without it.")
        {
            Body = MemberEndpoint.Fields,
            Codes = MemberCodes,
        };

    public static readonly ApiCall TransferLeader =
        new("/xcron/transferLeader", ApiRole.Admin, "Hands leadership to a member.")
        {
            Body = MemberEndpoint.Fields,
            Codes = MemberCodes,
        };

    public static readonly ApiCall Stats =
        new("/xcron/stats", ApiRole.Read, "Counts and rates of tasks and runs, in one small answer.")
        {
            Query = StatsEndpoint.Parameters,
            Codes = [ApiCode.NoLeader],
        };
}
