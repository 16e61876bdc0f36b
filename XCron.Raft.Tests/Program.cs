using System.Globalization;
using XCron.Raft.Tests.EndToEnd;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests;

/// <summary>
/// The tests' own commands: <c>dotnet run -c Release --project XCron.Raft.Tests -- simulate --seeds 10000 --from 1</c>.
/// </summary>
internal static class Program
{
    private const string Usage = "usage: simulate [--seeds N] [--from S] [--nodes 1..7] [--history FILE (one seed)]";

    public static async Task<int> Main(string[] args)
    {
        if (args is ["simulate", .. var options] && SimulateCommand.Parse(options) is { } command)
            return command.Run();
        if (args is [AcknowledgingNode.Command, var path, var proposals])
            return await AcknowledgingNode.RunAsync(path, int.Parse(proposals, CultureInfo.InvariantCulture));

        Console.Error.WriteLine(Usage);
        return 2;
    }
}
