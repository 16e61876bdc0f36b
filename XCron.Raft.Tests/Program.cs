using System.Diagnostics;
using System.Globalization;
using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests;

/// <summary>
/// The tests' own commands: <c>dotnet run -c Release --project XCron.Raft.Tests -- simulate --seeds 10000 --from 1</c>
/// runs as many simulated clusters as asked, on all cores, and fails if one of them breaks an invariant.
/// </summary>
internal static class Program
{
    private const string Usage = "usage: simulate [--seeds N] [--from S] [--nodes 3|5]";
    private const int MaxFailuresShown = 10;

    public static async Task<int> Main(string[] args)
    {
        if (args is [EndToEnd.AcknowledgingNode.Command, var path, var proposals])
            return await EndToEnd.AcknowledgingNode.RunAsync(path, int.Parse(proposals, CultureInfo.InvariantCulture));

        if (args is not ["simulate", .. var options] || !TryParse(options, out var run))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        return Simulate(run);
    }

    private static int Simulate(Run run)
    {
        var start = Stopwatch.GetTimestamp();
        var total = new SimulationFigures();
        var failures = new List<string>();
        var gate = new Lock();
        Parallel.For(run.From, run.From + run.Seeds, seed =>
        {
            // Half of them change members as well, and every second of those begins with one node.
            var changesMembers = seed % 4 > 1;
            var nodes = run.Nodes ?? (seed % 2 == 0 ? 3 : changesMembers ? 1 : 5);
            var simulation = new ClusterSimulation((int)seed, nodes, changesMembers);
            var failure = TryRun(simulation);
            lock (gate)
            {
                total = total.Plus(simulation.Figures);
                if (failure is not null)
                    failures.Add($"seed {seed}, {nodes} nodes{(changesMembers ? ", members" : "")}: {failure}");
            }
        });

        foreach (var failure in failures.Take(MaxFailuresShown))
            Console.WriteLine(failure);
        var minutes = Stopwatch.GetElapsedTime(start).TotalMinutes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Seeds} seeds from {run.From}, {run.Seeds / minutes:0} a minute, {failures.Count} failed; {total}"));
        return failures.Count == 0 ? 0 : 1;
    }

    private static string? TryRun(ClusterSimulation simulation)
    {
        try
        {
            simulation.Run(ClusterSimulation.UsualSteps);
            return null;
        }
        catch (Exception failure)
        {
            return failure.ToString();
        }
    }

    private static bool TryParse(string[] options, out Run run)
    {
        run = new Run(1000, 1, null);
        for (var i = 0; i < options.Length; i += 2)
        {
            if (i + 1 == options.Length || !int.TryParse(options[i + 1], CultureInfo.InvariantCulture, out var value))
                return false;

            switch (options[i])
            {
                case "--seeds" when value > 0:
                    run = run with { Seeds = value };
                    break;
                case "--from" when value >= 0:
                    run = run with { From = value };
                    break;
                case "--nodes" when value is 3 or 5:
                    run = run with { Nodes = value };
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private sealed record Run(long Seeds, long From, int? Nodes);
}
