using XCron.Daemon.Tests.Simulation;

namespace XCron.Daemon.Tests;

/// <summary>
/// The tests' own command: <c>dotnet run -c Release --project XCron.Daemon.Tests -- simulate --seeds 1000 --from 1</c>
/// runs whole simulated schedulers on all cores, and fails if one of them breaks a promise; <c>--history FILE</c> writes
/// what happened in the last one.
/// </summary>
internal static class Program
{
    private const string Usage = "usage: simulate [--seeds N] [--from S] [--history FILE]";

    public static int Main(string[] args)
    {
        if (args is ["simulate", .. var options] && SimulateCommand.Parse(options) is { } command)
            return command.Run();

        Console.Error.WriteLine(Usage);
        return 2;
    }
}
