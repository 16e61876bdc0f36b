using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// The faults one by one. Each returns when it is over and its node is ready again; its window lasts as long. A node
/// that does not become ready is a finding.
/// </summary>
internal sealed class FaultActions(SoakCluster cluster, SoakApi api, FaultLog log, int seed)
{
    private const double ReadyLimitSeconds = 90;
    private const int NobodyInParticular = -1;

    private readonly Random _random = new(seed);

    public int Nodes => cluster.Nodes.Length;

    public async Task KillAsync(int index, double downSeconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Kill, index, $"{downSeconds:0.0} s");
        await cluster.Nodes[index].KillAsync();
        await SoakTime.Delay(downSeconds, stop);
        Start(index);
        await ReadyAsync(index, stop);
        end();
    }

    public async Task KillAllAsync(double downSeconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.KillAll, NobodyInParticular, $"{downSeconds:0.0} s");
        foreach (var node in cluster.Nodes)
            await node.KillAsync();
        await SoakTime.Delay(downSeconds, stop);
        for (var i = 0; i < Nodes; i++)
            Start(i);
        await AllReadyAsync(stop);
        end();
    }

    public async Task PauseAsync(int index, double seconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Pause, index, $"{seconds:0.0} s");
        await cluster.Nodes[index].SignalAsync("STOP");
        await SoakTime.Delay(seconds, stop);
        await cluster.Nodes[index].SignalAsync("CONT");
        await ReadyAsync(index, stop);
        end();
    }

    public async Task StopAsync(int index, double downSeconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Stop, index, $"{downSeconds:0.0} s");
        await EndAsync(index);
        await SoakTime.Delay(downSeconds, stop);
        Start(index);
        await ReadyAsync(index, stop);
        end();
    }

    public async Task RollAsync(CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Roll, NobodyInParticular, "each in turn");
        for (var i = 0; i < Nodes; i++)
        {
            await StopAsync(i, 0, stop);
            await ReadyAsync(i, stop);
        }

        end();
    }

    public async Task CutAsync(int index, CutShape shape, double seconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Cut, index, $"{shape}, {seconds:0.0} s");
        var others = Enumerable.Range(0, Nodes).Where(other => other != index).Take(shape.FromOne ? 1 : Nodes);
        var links = others
            .SelectMany(other => cluster.Network.Links(index, other, shape.Outward, shape.Inward)).ToArray();
        foreach (var link in links)
            link.IsCut = true;
        await SoakTime.Delay(seconds, stop);
        foreach (var link in links)
            link.Heal();
        if (shape.Breaks)
            cluster.Network.Break(index);
        await ReadyAsync(index, stop);
        end();
    }

    public async Task SlowAsync(int index, Slowness slowness, double seconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Slow, index, $"{slowness}, {seconds:0.0} s");
        var others = Enumerable.Range(0, Nodes).Where(other => other != index);
        var links = others.SelectMany(other => cluster.Network.Links(index, other, true, true)).ToArray();
        foreach (var link in links)
            link.Slow(slowness.DelayMs, slowness.StallPercent, slowness.StallMs);
        await SoakTime.Delay(seconds, stop);
        foreach (var link in links)
            link.Heal();
        await ReadyAsync(index, stop);
        end();
    }

    public async Task FillDiskAsync(int index, double seconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.DiskFull, index, $"{seconds:0.0} s");
        cluster.FillDisk(index);
        await SoakTime.Delay(seconds, stop);
        cluster.FreeDisk(index);
        await ReadyAsync(index, stop);
        end();
    }

    /// <summary>A node without a clock of ours is ended and started with one first.</summary>
    public async Task SkewAsync(int index, long offsetMs, double seconds, CancellationToken stop)
    {
        if (!cluster.Nodes[index].IsClockOurs)
        {
            var restarted = log.Begin(FaultKind.Stop, index, "to be given a clock");
            await EndAsync(index);
            cluster.Nodes[index].Start(withClock: true);
            await ReadyAsync(index, stop);
            restarted();
        }

        var detail = string.Create(CultureInfo.InvariantCulture, $"{offsetMs:+0;-0;0} ms for {seconds:0.0} s");
        var end = log.Begin(FaultKind.Skew, index, detail, offsetMs);
        cluster.Nodes[index].Clock.Set(offsetMs);
        await SoakTime.Delay(seconds, stop);
        cluster.Nodes[index].Clock.Set(0);
        // The library looks at the file each second.
        await SoakTime.Delay(1.5, stop);
        await ReadyAsync(index, stop);
        end();
    }

    /// <summary>Refused or not, it is a fault that was tried.</summary>
    public async Task TransferAsync(int index, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Transfer, index, "");
        var json = $$"""{"host":"{{cluster.Addresses[index]}}"}""";
        await api.PostAsync(AnyPort(), "/xcron/transferLeader", json, stop);
        await AllReadyAsync(stop);
        end();
    }

    public async Task WipeAsync(int index, double downSeconds, CancellationToken stop)
    {
        var end = log.Begin(FaultKind.Wipe, index, $"{downSeconds:0.0} s");
        var node = cluster.Nodes[index];
        await node.KillAsync();
        var content = new DirectoryInfo(node.DataFolder);
        foreach (var entry in content.EnumerateFileSystemInfos())
            entry.Delete();
        await SoakTime.Delay(downSeconds, stop);
        Start(index);
        await ReadyAsync(index, stop);
        await UntilAsync(() => WhyNoVoterAsync(index, stop), $"node{index}, wiped,", stop);
        end();
    }

    public async Task AllReadyAsync(CancellationToken stop)
    {
        for (var i = 0; i < Nodes; i++)
            await ReadyAsync(i, stop);
    }

    /// <summary>Whom some node takes for the leader; null: nobody answers, or knows one.</summary>
    public async Task<int?> LeaderAsync(CancellationToken stop)
    {
        var answer = await api.GetAsync(AnyPort(), "/xcron/cluster", stop);
        if (answer.Ending != Ending.Done)
            return null;
        var at = Array.IndexOf(cluster.Addresses, answer.Data.GetProperty("leader").GetString());
        return at < 0 ? null : at;
    }

    /// <summary>SIGTERM. What its end cuts off is sent again: the window is that of the end, and of nothing else.
    /// </summary>
    private async Task EndAsync(int index)
    {
        var askedMs = SoakTime.NowMs;
        var code = await cluster.Nodes[index].StopAsync();
        if (code is not 0)
        {
            throw new SoakFinding(
                $"node{index} was asked to end and " + (code is null ? "did not" : $"ended with {code}"));
        }

        if (cluster.Nodes[index].WasCutOff)
            log.Add(new FaultWindow(FaultKind.CutOff, index, askedMs, SoakTime.NowMs));
    }

    private void Start(int index) => cluster.Nodes[index].Start(withClock: _random.Next(3) == 0);

    private int AnyPort() => cluster.Nodes[_random.Next(Nodes)].Ports.Http;

    private Task ReadyAsync(int index, CancellationToken stop)
    {
        var port = cluster.Nodes[index].Ports.Monitor;
        return UntilAsync(() => api.WhyNotReadyAsync(port, stop), $"node{index}", stop);
    }

    private async Task<string?> WhyNoVoterAsync(int index, CancellationToken stop)
    {
        var answer = await api.GetAsync(cluster.Nodes[(index + 1) % Nodes].Ports.Http, "/xcron/cluster", stop);
        if (answer.Ending != Ending.Done)
            return answer.ToString();
        var members = answer.Data.GetProperty("members").EnumerateArray()
            .Where(member => member.GetProperty("host").GetString() == cluster.Addresses[index]).ToArray();
        return members is [var only] && only.GetProperty("voter").GetBoolean() ? null : $"no voter in {answer.Data}";
    }

    /// <summary>How each node sees the cluster.</summary>
    private async Task<string> ViewsAsync(CancellationToken stop)
    {
        var views = new List<string>();
        foreach (var node in cluster.Nodes)
        {
            var answer = await api.GetAsync(node.Ports.Http, "/xcron/cluster", stop);
            views.Add($"node{node.Index}: {(answer.Ending == Ending.Done ? answer.Data : answer)}");
        }

        return string.Join("; ", views);
    }

    private async Task UntilAsync(Func<Task<string?>> why, string who, CancellationToken stop)
    {
        var startMs = SoakTime.NowMs;
        while (await why() is { } reason)
        {
            if (SoakTime.NowMs - startMs > ReadyLimitSeconds * 1000)
            {
                throw new SoakFinding(
                    $"{who} was not ready after {ReadyLimitSeconds} s: {reason.Trim()}; {await ViewsAsync(stop)}");
            }

            await SoakTime.Delay(0.1, stop);
        }
    }
}

/// <summary>Something that must not be, found while the soak runs.</summary>
internal sealed class SoakFinding(string message) : Exception(message);
