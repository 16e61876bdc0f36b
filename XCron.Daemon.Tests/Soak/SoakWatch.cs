namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Looks on while the soak runs: asks for each task that should be over until it is recorded as completed, notes when
/// the machine gave nobody time, and when a server ended by itself.
/// </summary>
internal sealed class SoakWatch(SoakCluster cluster, SoakWorkload workload, TaskStories stories, FaultLog log, int seed)
{
    private const long StarvedMs = 1000;
    private const int MaxAtOnce = 32;
    private const double GraceSeconds = 3;

    private readonly Random _random = new(seed);

    /// <summary>Returns what must not be, once it has happened, or null when stopped.</summary>
    public async Task<string?> WatchAsync(CancellationToken stop)
    {
        var lastMs = SoakTime.NowMs;
        try
        {
            while (true)
            {
                await SoakTime.Delay(0.1, stop);
                var nowMs = SoakTime.NowMs;
                if (nowMs - lastMs > StarvedMs)
                    log.Add(new FaultWindow(FaultKind.Starved, -1, lastMs, nowMs));
                lastMs = nowMs;
                if (cluster.Nodes.Select(node => node.EndedByItself).FirstOrDefault(why => why is not null) is { } why)
                    return why;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Asks and asks again, until stopped.</summary>
    public async Task SettleAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await SettleOnceAsync(stop);
                await SoakTime.Delay(1, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The soak is over.
        }
    }

    /// <summary>Until nothing is left to wait for, or the time is over.</summary>
    public async Task SettleAllAsync(TimeSpan atMost, CancellationToken stop)
    {
        var endMs = SoakTime.NowMs + atMost.TotalMilliseconds;
        while (SoakTime.NowMs < endMs && stories.All.Any(IsOpen))
        {
            await SettleOnceAsync(stop);
            await SoakTime.Delay(0.5, stop);
        }
    }

    private async Task SettleOnceAsync(CancellationToken stop)
    {
        var ripe = stories.All
            .Where(story => IsOpen(story) && SoakTime.NowMs - story.LastDueMs > GraceSeconds * 1000).ToArray();
        foreach (var some in ripe.Chunk(MaxAtOnce))
            await Task.WhenAll(some.Select(story => workload.QueryAsync(story, _random.Next(1000), stop)));
    }

    private static bool IsOpen(TaskStory story)
    {
        lock (story)
            return story is { IsWanted: true, CompletedMs: 0, WasMissed: false };
    }
}
