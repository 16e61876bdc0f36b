using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>What a line of an import comes to: a task, an error, or neither where the task is over.</summary>
/// <param name="Task">The task to be taken over, or null.</param>
/// <param name="Name">The task's name; empty for none.</param>
/// <param name="Error">What is wrong with the line, or null.</param>
internal readonly record struct ImportLine(ImportTask? Task, string Name, ApiError? Error)
{
    public static ImportLine Of(ApiError error) => new(null, "", error);
}
