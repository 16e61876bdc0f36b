using System.Globalization;
using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>A run's name to the outside: the same for all its attempts, and no other run's.</summary>
internal static class RunId
{
    public static string Format(TaskId task, long runSequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{task.Value}-{runSequence}");
}
