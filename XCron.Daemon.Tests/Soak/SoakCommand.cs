using System.Runtime.InteropServices;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// Three built servers on loopback under creates, deletes and queries, while nodes are killed, paused, ended, cut off,
/// slowed, wiped, left without disk and without the right time. Prints one line, and fails if a promise was broken.
/// </summary>
internal static class SoakCommand
{
    private const int Held = 0;
    private const int Broken = 1;
    private const int Misused = 2;
    private const int MaxFindingsShown = 20;
    private const int MaxLateShown = 5;

    /// <summary>
    /// With no fault on and nothing new to do, all that is due is sent and recorded within this: what is not is lost,
    /// and not late.
    /// </summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(3);

    /// <summary>Then nothing more must come, as what was sent again because it was not recorded would.</summary>
    private const double StillSeconds = 5;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (SoakOptions.Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(SoakOptions.Usage);
            return Misused;
        }

        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("soak: needs Linux: signals, /proc and tmpfs are its tools");
            return Misused;
        }

        if (ServerCommand.Find(options.Server) is not { } server)
        {
            await Console.Error.WriteLineAsync(
                $"soak: there is no {options.Server ?? "./xcron_server"}; build it with: bash build.sh");
            return Misused;
        }

        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndInOrder);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndInOrder);
        return await RunAsync(options, server, stop.Token);

        void EndInOrder(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> RunAsync(SoakOptions options, string server, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("xcron-soak-");
        var isHeld = false;
        try
        {
            using var history = new SoakHistory(options.History);
            await using var cluster = new SoakCluster(server, folder.FullName, options.Seed);
            await cluster.MountAsync();
            var soak = new SoakRun(options, cluster, history);
            isHeld = await soak.RunAsync(stop);
            if (!isHeld)
            {
                await cluster.EndAsync();
                KeepEvidence(cluster, folder);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("soak: interrupted; nothing was judged");
            isHeld = true;
        }

        if (!isHeld)
            return Broken;
        folder.Delete(recursive: true);
        return stop.IsCancellationRequested ? Broken : Held;
    }

    /// <summary>The small disks are gone with the soak: what is on them is copied beside the servers' output.</summary>
    private static void KeepEvidence(SoakCluster cluster, DirectoryInfo folder)
    {
        foreach (var node in cluster.Nodes)
        {
            var kept = Directory.CreateDirectory(Path.Combine(folder.FullName, $"evidence{node.Index}"));
            foreach (var file in new DirectoryInfo(node.DataFolder).EnumerateFiles().Where(file => file.Name != "lock"))
                file.CopyTo(Path.Combine(kept.FullName, file.Name));
        }

        Console.Error.WriteLine($"soak: the servers' output and data are kept in {folder.FullName}");
    }

    /// <summary>One soak: its parts, its order, its line.</summary>
    private sealed class SoakRun
    {
        private readonly SoakOptions _options;
        private readonly SoakCluster _cluster;
        private readonly SoakHistory _history;
        private readonly TaskStories _stories = new();
        private readonly FaultLog _faults;
        private readonly List<string> _findings = [];

        public SoakRun(SoakOptions options, SoakCluster cluster, SoakHistory history)
        {
            _options = options;
            _cluster = cluster;
            _history = history;
            _faults = new FaultLog(history);
        }

        /// <returns>Whether all promises held.</returns>
        public async Task<bool> RunAsync(CancellationToken stop)
        {
            using var api = new SoakApi();
            await using var receiver = await SoakReceiver.StartAsync(_stories, _history);
            var actions = new FaultActions(_cluster, api, _faults, _options.Seed);
            var workload = new SoakWorkload(api, _cluster, _stories, _history, receiver.Url, _options.Seed);
            var watch = new SoakWatch(_cluster, workload, _stories, _faults, _options.Seed);
            foreach (var node in _cluster.Nodes)
                node.Start(withClock: node.Index == 0);
            await actions.AllReadyAsync(stop);

            await SoakAsync(actions, workload, watch, stop);
            if (_findings.Count == 0)
                await actions.AllReadyAsync(stop);
            await watch.SettleAllAsync(SettleLimit, stop);
            await SoakTime.Delay(StillSeconds, stop);
            return Judge(workload);
        }

        private async Task SoakAsync(
            FaultActions actions, SoakWorkload workload, SoakWatch watch, CancellationToken stop)
        {
            var howLong = TimeSpan.FromMinutes(_options.Minutes);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var nemesis = new Nemesis(actions, LeftOut(), _options.Seed);
            var creating = workload.RunAsync(_options.Rate, howLong, over.Token);
            var harming = nemesis.RunAsync(howLong, over.Token);
            var telling = TellAsync(over.Token);
            var watching = watch.WatchAsync(over.Token);
            var settling = watch.SettleAsync(over.Token);
            var done = Task.WhenAll(creating, harming);
            try
            {
                if (await Task.WhenAny(done, watching, harming) == watching && await watching is { } why)
                    _findings.Add(why);
                else
                    await (harming.IsFaulted ? harming : done);
            }
            catch (SoakFinding finding)
            {
                _findings.Add(finding.Message);
            }

            await over.CancelAsync();
            await Task.WhenAll(creating, harming, telling, watching, settling)
                .ContinueWith(static _ => { }, TaskScheduler.Default);
            stop.ThrowIfCancellationRequested();
        }

        private IEnumerable<FaultKind> LeftOut()
        {
            foreach (var kind in _options.Without)
                yield return kind;
            if (!_cluster.HasSmallDisks && !_options.Without.Contains(FaultKind.DiskFull))
                yield return FaultKind.DiskFull;
            if (!SkewedClock.IsAvailable && !_options.Without.Contains(FaultKind.Skew))
                yield return FaultKind.Skew;
        }

        private async Task TellAsync(CancellationToken stop)
        {
            for (var minute = 1; ; minute++)
            {
                await SoakTime.Delay(60, stop);
                var stories = _stories.All;
                await Console.Error.WriteLineAsync(
                    $"minute {minute}: {stories.Count} tasks, {_faults.Windows.Length} faults");
            }
        }

        private bool Judge(SoakWorkload workload)
        {
            var windows = _faults.Windows;
            var verdict = new SoakChecker(windows).Check(_stories.All);
            _findings.AddRange(_cluster.Nodes.Select(node => node.EndedByItself).OfType<string>().Except(_findings));
            _findings.AddRange(verdict.Findings);
            _findings.AddRange(_stories.Strangers.Select(key => $"{key} was called and never created"));
            foreach (var finding in _findings.Take(MaxFindingsShown))
                Console.WriteLine(finding);
            foreach (var late in verdict.Late.Take(MaxLateShown))
                Console.WriteLine($"late: {late}");
            if (workload.PassedOver > 0)
                Console.WriteLine($"{workload.PassedOver} creates were passed over: too many under way");
            Console.WriteLine(verdict.Line(windows, _options.Seed, LeftOut()));
            return _findings.Count == 0;
        }
    }
}
