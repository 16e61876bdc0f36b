using System.Diagnostics;
using System.Globalization;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// <c>dotnet run -c Release --project XCron.Daemon.Tests -- simulate --seeds 1000 --from 1</c> runs as many simulated
/// clusters of schedulers as asked, on all cores, and fails if one of them breaks a promise; <c>--history FILE</c>
/// writes what happened in the last one.
/// </summary>
internal sealed class SimulateCommand
{
    public const string Usage = "usage: simulate [--seeds N] [--from S] [--history FILE]";

    private const int MaxFailuresShown = 10;

    private readonly Lock _gate = new();
    private readonly List<string> _failures = [];
    private readonly List<long> _lateness = [];
    private SimulationReport _total = new() { Wrongs = [] };
    private (long LateMs, int Seed) _latest;

    private int Seeds { get; set; } = 200;

    private int From { get; set; } = 1;

    private string? HistoryFile { get; set; }

    public static SimulateCommand? Parse(string[] options)
    {
        var command = new SimulateCommand();
        for (var i = 0; i < options.Length; i += 2)
        {
            if (i + 1 == options.Length || !command.Take(options[i], options[i + 1]))
                return null;
        }

        return command;
    }

    /// <returns>The process's exit code.</returns>
    public int Run()
    {
        var start = Stopwatch.GetTimestamp();
        Parallel.For(From, From + Seeds, RunOne);
        foreach (var failure in _failures.Take(MaxFailuresShown))
            Console.WriteLine(failure);
        var minutes = Stopwatch.GetElapsedTime(start).TotalMinutes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Seeds} seeds from {From}, {Seeds / minutes:0} a minute, {_failures.Count} failed; ")
            + (_total with { Lateness = _lateness }) + $"; latest in seed {_latest.Seed}");
        return _failures.Count == 0 ? 0 : 1;
    }

    private void RunOne(int seed)
    {
        var simulation = new SchedulerSimulation(seed);
        string? failure = null;
        SimulationReport? report = null;
        try
        {
            report = simulation.Run();
            if (report.Wrongs.Count > 0)
                failure = report.WrongsShown();
        }
        catch (Exception broken)
        {
            failure = broken.ToString();
        }

        lock (_gate)
        {
            _total = report is null ? _total : _total.Plus(report with { Wrongs = [], Lateness = [] });
            _lateness.AddRange(report?.Lateness ?? []);
            if (report is { Lateness.Count: > 0 } && report.Lateness.Max() is var lateMs && lateMs > _latest.LateMs)
                _latest = (lateMs, seed);
            if (failure is not null)
                _failures.Add($"seed {seed}, {simulation.Plan}: {failure}");
            if (HistoryFile is not null)
                File.WriteAllLines(HistoryFile, simulation.History.Lines());
        }
    }

    private bool Take(string option, string value)
    {
        switch (option)
        {
            case "--seeds" when int.TryParse(value, CultureInfo.InvariantCulture, out var seeds) && seeds > 0:
                Seeds = seeds;
                return true;
            case "--from" when int.TryParse(value, CultureInfo.InvariantCulture, out var from) && from >= 0:
                From = from;
                return true;
            case "--history":
                HistoryFile = value;
                return true;
            default:
                return false;
        }
    }
}
