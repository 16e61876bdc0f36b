using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Hosting;

/// <summary>The machine's figures as they travel; what is not known is 0 there.</summary>
internal static class MachineReports
{
    public static Proto.Cluster.MachineFigures Of(MachineFigures figures) => new()
    {
        CpuShare = figures.CpuShare ?? 0,
        MemoryTotalBytes = figures.MemoryTotalBytes ?? 0,
        MemoryAvailableBytes = figures.MemoryAvailableBytes ?? 0,
        DiskTotalBytes = figures.DiskTotalBytes ?? 0,
        DiskFreeBytes = figures.DiskFreeBytes ?? 0,
        Load1M = figures.Load1M ?? 0,
        ProcessResidentBytes = figures.ProcessResidentBytes ?? 0,
    };
}
