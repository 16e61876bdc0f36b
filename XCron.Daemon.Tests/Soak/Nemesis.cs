namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Does one or two faults at a time, to different nodes, and waits until every node is ready again before the next:
/// most of the time there is a majority. Now and then all are killed.
/// </summary>
internal sealed class Nemesis
{
    private const double MostQuietSeconds = 5;
    private const int TwoAtOncePercent = 25;

    private static readonly (FaultKind Kind, int Times)[] Weights =
    [
        (FaultKind.Kill, 4), (FaultKind.Pause, 4), (FaultKind.Cut, 4), (FaultKind.Stop, 2), (FaultKind.Slow, 2),
        (FaultKind.DiskFull, 2), (FaultKind.Skew, 2), (FaultKind.Transfer, 2), (FaultKind.Roll, 1),
        (FaultKind.KillAll, 1), (FaultKind.Wipe, 1),
    ];

    private readonly FaultActions _actions;
    private readonly Random _random;

    // Each kind as often as it weighs.
    private readonly FaultKind[] _kinds;

    public Nemesis(FaultActions actions, IEnumerable<FaultKind> leftOut, int seed)
    {
        _actions = actions;
        _random = new Random(seed);
        var without = leftOut.ToHashSet();
        _kinds = [.. Weights.Where(weight => !without.Contains(weight.Kind))
            .SelectMany(weight => Enumerable.Repeat(weight.Kind, weight.Times))];
    }

    /// <summary>Returns when the time is over and the last fault has ended.</summary>
    public async Task RunAsync(TimeSpan howLong, CancellationToken stop)
    {
        if (_kinds.Length == 0)
            return;

        var endMs = SoakTime.NowMs + howLong.TotalMilliseconds;
        while (true)
        {
            await SoakTime.Delay(1 + _random.NextDouble() * MostQuietSeconds, stop);
            if (SoakTime.NowMs >= endMs)
                return;
            await DoAsync(stop);
        }
    }

    private async Task DoAsync(CancellationToken stop)
    {
        var kind = _kinds[_random.Next(_kinds.Length)];
        // A leader is a third of the nodes and half of the trouble.
        var node = _random.Next(2) == 0 && await _actions.LeaderAsync(stop) is { } leader
            ? leader
            : _random.Next(_actions.Nodes);
        var first = DoAsync(kind, node, stop);
        if (IsAlone(kind) || _random.Next(100) >= TwoAtOncePercent)
        {
            await first;
            return;
        }

        var other = _kinds[_random.Next(_kinds.Length)];
        var elsewhere = (node + _random.Next(1, _actions.Nodes)) % _actions.Nodes;
        await SoakTime.Delay(_random.NextDouble() * 3, stop);
        var second = IsAlone(other) ? Task.CompletedTask : DoAsync(other, elsewhere, stop);
        await Task.WhenAll(first, second);
    }

    /// <summary>
    /// A node that was wiped has forgotten what it acknowledged: another loss meanwhile may be one of a majority. The
    /// others are of all nodes, or have no length.
    /// </summary>
    private static bool IsAlone(FaultKind kind) =>
        kind is FaultKind.Wipe or FaultKind.KillAll or FaultKind.Roll or FaultKind.Transfer;

    private Task DoAsync(FaultKind kind, int node, CancellationToken stop) => kind switch
    {
        FaultKind.Kill => _actions.KillAsync(node, Seconds(0, 6), stop),
        FaultKind.KillAll => _actions.KillAllAsync(Seconds(0, 4), stop),
        FaultKind.Pause => _actions.PauseAsync(node, Seconds(0.5, 10), stop),
        FaultKind.Stop => _actions.StopAsync(node, Seconds(0, 4), stop),
        FaultKind.Roll => _actions.RollAsync(stop),
        FaultKind.Cut => _actions.CutAsync(node, DrawCut(), Seconds(1, 15), stop),
        FaultKind.Slow => _actions.SlowAsync(node, DrawSlowness(), Seconds(3, 15), stop),
        FaultKind.DiskFull => _actions.FillDiskAsync(node, Seconds(5, 30), stop),
        FaultKind.Skew => _actions.SkewAsync(node, DrawSkewMs(), Seconds(3, 20), stop),
        FaultKind.Transfer => _actions.TransferAsync(node, stop),
        FaultKind.Wipe => _actions.WipeAsync(node, Seconds(0, 3), stop),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "is not for a nemesis to do"),
    };

    private double Seconds(double least, double most) => least + _random.NextDouble() * (most - least);

    private CutShape DrawCut()
    {
        var direction = _random.Next(4);
        return new CutShape(
            Outward: direction != 1,
            Inward: direction != 2,
            FromOne: _random.Next(3) == 0,
            Breaks: _random.Next(2) == 0);
    }

    private Slowness DrawSlowness() => _random.Next(2) == 0
        ? new Slowness(DelayMs: _random.Next(20, 500), StallPercent: 0, StallMs: 0)
        : new Slowness(DelayMs: 0, StallPercent: 30, StallMs: 200);

    /// <summary>Whole milliseconds: what is set is what the checker judges by.</summary>
    private long DrawSkewMs() => _random.Next(6) switch
    {
        0 => 3_600_000,
        1 => -3_600_000,
        _ => _random.Next(-2000, 2001),
    };
}

/// <summary>Which links a cut cuts; at its end connections break, or go on with what has waited.</summary>
internal sealed record CutShape(bool Outward, bool Inward, bool FromOne, bool Breaks)
{
    public override string ToString() =>
        (FromOne ? "from one" : "from all") + (Outward ? ", out" : "") + (Inward ? ", in" : "");
}

/// <summary>How a link is slow.</summary>
internal sealed record Slowness(int DelayMs, int StallPercent, int StallMs);
