using System.Globalization;

namespace XCron.Daemon.Diagnostics;

/// <summary>
/// Reads the machine's figures: cpu, memory and load from /proc, so only where there is one; disk and process
/// everywhere. For one caller at a time.
/// </summary>
/// <param name="dataDirectory">Absolute; need not exist yet.</param>
/// <param name="procDirectory">"/proc", or what stands in for it.</param>
internal sealed class MachineReader(string dataDirectory, string procDirectory = "/proc")
{
    private (long Busy, long Total)? _cpuBefore;
    private double? _cpuShare;

    public MachineFigures Read()
    {
        var memory = Lines("meminfo");
        var (diskTotalBytes, diskFreeBytes) = ReadDisk();
        return new MachineFigures
        {
            CpuShare = ReadCpuShare(),
            MemoryTotalBytes = MemoryBytes(memory, "MemTotal:"),
            MemoryAvailableBytes = MemoryBytes(memory, "MemAvailable:"),
            DiskTotalBytes = diskTotalBytes,
            DiskFreeBytes = diskFreeBytes,
            Load1M = ReadLoad(),
            ProcessResidentBytes = Environment.WorkingSet,
        };
    }

    /// <summary>Null at the first reading: a share is of the time between two.</summary>
    private double? ReadCpuShare()
    {
        if (CpuTicks(Lines("stat").FirstOrDefault(line => line.StartsWith("cpu ", StringComparison.Ordinal)))
            is not { } now)
            return null;

        // Two readings within one tick of the kernel's clock: the share is what it was.
        if (_cpuBefore is { } before && now.Total > before.Total)
            _cpuShare = Math.Clamp((now.Busy - before.Busy) / (double)(now.Total - before.Total), 0, 1);
        _cpuBefore = now;
        return _cpuShare;
    }

    /// <summary>proc(5): user nice system idle iowait irq softirq steal; guest time is in user already.</summary>
    private static (long Busy, long Total)? CpuTicks(string? line)
    {
        const int Idle = 3, IoWait = 4, Counted = 8;
        var ticks = Words(line ?? "").Skip(1).Take(Counted).Select(ParseLong).ToArray();
        if (ticks.Length <= IoWait || ticks.Contains(null))
            return null;

        var total = ticks.Sum(tick => tick!.Value);
        return (total - ticks[Idle]!.Value - ticks[IoWait]!.Value, total);
    }

    private static long? MemoryBytes(IEnumerable<string> lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
        && Words(line) is [_, var kibibytes, "kB"]
            ? ParseLong(kibibytes) * 1024
            : null;

    private double? ReadLoad() =>
        Lines("loadavg") is [var line, ..] && Words(line) is [var load, ..]
        && double.TryParse(load, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    private (long? TotalBytes, long? FreeBytes) ReadDisk()
    {
        try
        {
            // Windows knows drives by their letters only, others by any directory that exists.
            var place = OperatingSystem.IsWindows() ? Path.GetPathRoot(dataDirectory)! : Existing(dataDirectory);
            var drive = new DriveInfo(place);
            return (drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, null);
        }
    }

    private static string Existing(string directory)
    {
        while (!Directory.Exists(directory) && Path.GetDirectoryName(directory) is { } above)
            directory = above;
        return directory;
    }

    private string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(procDirectory, file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] Words(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static long? ParseLong(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
