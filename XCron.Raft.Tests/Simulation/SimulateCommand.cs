using System.Diagnostics;
using System.Globalization;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// <c>simulate --seeds N --from S</c>: runs as many simulated clusters as asked, on all cores, says what they met, and
/// fails if one of them breaks an invariant. With <c>--history FILE</c> the one run's history goes to a file.
/// </summary>
internal sealed record SimulateCommand
{
    private const int MaxFailuresShown = 10;

    private int Seeds { get; init; } = 1000;

    private int From { get; init; } = 1;

    private int? Nodes { get; init; }

    private string? HistoryFile { get; init; }

    /// <returns>Null where the options are wrong.</returns>
    public static SimulateCommand? Parse(ReadOnlySpan<string> options)
    {
        var command = new SimulateCommand();
        for (; options is [var name, var value, .. var rest]; options = rest)
        {
            _ = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            SimulateCommand? next = name switch
            {
                "--seeds" when number > 0 => command with { Seeds = number },
                "--from" when number > 0 => command with { From = number },
                "--nodes" when number is >= 1 and <= 7 => command with { Nodes = number },
                "--history" => command with { HistoryFile = value },
                _ => null,
            };
            if (next is null)
                return null;

            command = next;
        }

        return options.IsEmpty && (command.HistoryFile is null || command.Seeds == 1) ? command : null;
    }

    /// <returns>The process's exit code.</returns>
    public int Run()
    {
        var start = Stopwatch.GetTimestamp();
        var total = new SimulationFigures();
        var coverage = new Coverage();
        var failures = new List<string>();
        var gate = new Lock();
        Parallel.For(From, From + (long)Seeds, seed =>
        {
            var plan = SimulationPlan.Draw((int)seed);
            var simulation = new ClusterSimulation(Nodes is { } nodes ? plan with { Nodes = nodes } : plan);
            var failure = TryRun(simulation);
            lock (gate)
            {
                total = total.Plus(simulation.Figures);
                coverage.Add(simulation.Coverage);
                if (failure is not null)
                    failures.Add(Seeds == 1 ? $"seed {seed}: {failure}\n{plan}" : $"seed {seed}: {failure.Message}");
            }

            if (HistoryFile is not null)
                WriteHistory(HistoryFile, simulation.History);
        });

        foreach (var failure in failures.Take(MaxFailuresShown))
            Console.WriteLine(failure);
        foreach (var line in coverage.Report())
            Console.WriteLine(line);
        var minutes = Stopwatch.GetElapsedTime(start).TotalMinutes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Seeds} seeds from {From}, {Seeds / minutes:0} a minute, {failures.Count} failed; {total}"));
        return failures.Count == 0 ? 0 : 1;
    }

    private static Exception? TryRun(ClusterSimulation simulation)
    {
        try
        {
            simulation.Run();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static void WriteHistory(string path, IReadOnlyList<HistoryEvent> history)
    {
        using var file = File.CreateText(path);
        HistoryLines.Write(file, history);
    }
}
