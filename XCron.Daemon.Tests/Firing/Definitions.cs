using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Firing;

internal static class Definitions
{
    public static TaskDefinition OneShot(string url = "http://target.test/hook") => new()
    {
        Type = TaskType.OneShot,
        Format = "1581823751",
        Url = url,
        TimeoutMs = 30_000,
        MaxAttempts = 5,
        MinBackoffMs = 1000,
        MaxBackoffMs = 300_000,
    };

    public static TaskDefinition Periodic(
        string format, Misfire misfire = Misfire.FireOnce, string url = "http://target.test/hook")
    {
        var definition = OneShot(url);
        definition.Type = TaskType.Periodic;
        definition.Format = format;
        definition.Timezone = "UTC";
        definition.Misfire = misfire;
        return definition;
    }
}
