using System.Globalization;

namespace bench;

/// <summary>What a running daemon costs, seen from outside.</summary>
internal sealed class ServerFigures(ServerProcess server)
{
    private const double BytesPerMegabyte = 1e6;

    private static readonly TimeSpan ScrapeAge = TimeSpan.FromMilliseconds(500);

    /// <summary>VmRSS.</summary>
    public double ResidentMegabytes()
    {
        const double BytesPerUnit = 1024; // The line is in kB.
        var line = File.ReadLines($"/proc/{server.ProcessId}/status")
            .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
        return double.Parse(kilobytes, CultureInfo.InvariantCulture) * BytesPerUnit / BytesPerMegabyte;
    }

    /// <summary>What it has used of the processors since it started: the same on a busy machine.</summary>
    public double ProcessorSeconds()
    {
        const int TicksPerSecond = 100; // USER_HZ
        const int UserColumn = 11;
        var stat = File.ReadAllText($"/proc/{server.ProcessId}/stat");
        var columns = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(columns[UserColumn], CultureInfo.InvariantCulture)
            + long.Parse(columns[UserColumn + 1], CultureInfo.InvariantCulture);
        return (double)ticks / TicksPerSecond;
    }

    /// <summary>What the log occupies, by the daemon's own metric.</summary>
    public async Task<double> LogBytesAsync(HttpClient client)
    {
        const string Metric = "xcron_raft_log_size_bytes";
        await Task.Delay(ScrapeAge, TimeProvider.System); // a scrape is kept for less than that and given out again
        var metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{server.MonitorPort}/metrics"));
        var line = metrics.Split('\n').First(line => line.StartsWith(Metric, StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    public bool IsSnapshotBeingWritten() => Directory.EnumerateFiles(server.DataFolder, "snapshot-*.tmp").Any();

    /// <summary>Of the newest one.</summary>
    public double SnapshotMegabytes() => new DirectoryInfo(server.DataFolder).EnumerateFiles("snapshot-*")
        .OrderBy(file => file.LastWriteTimeUtc).Last().Length / BytesPerMegabyte;
}
