using XCron.Daemon.Tests.Soak;

namespace XCron.Daemon.Tests;

/// <summary>The tests' own commands, which run for longer than a test may.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["soak", .. var options]:
                return await SoakCommand.RunAsync(options);
            default:
                await Console.Error.WriteLineAsync(SoakOptions.Usage);
                return 2;
        }
    }
}
