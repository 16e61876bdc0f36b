using XCron.Daemon.Tests.Simulation;
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
            case ["simulate", .. var options] when SimulateCommand.Parse(options) is { } command:
                return command.Run();
            default:
                await Console.Error.WriteLineAsync(SoakOptions.Usage);
                await Console.Error.WriteLineAsync(SimulateCommand.Usage);
                return 2;
        }
    }
}
