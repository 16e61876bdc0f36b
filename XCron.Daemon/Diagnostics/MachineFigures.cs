namespace XCron.Daemon.Diagnostics;

/// <summary>The machine as of one moment; null is what this system does not tell.</summary>
internal sealed record MachineFigures
{
    /// <summary>0 to 1, of all cores, since the reading before.</summary>
    public double? CpuShare { get; init; }

    public long? MemoryTotalBytes { get; init; }

    /// <summary>What could be had without swapping.</summary>
    public long? MemoryAvailableBytes { get; init; }

    /// <summary>The disk that raft_dir is on.</summary>
    public long? DiskTotalBytes { get; init; }

    /// <summary>Of it, what this process may use.</summary>
    public long? DiskFreeBytes { get; init; }

    /// <summary>Runnable and blocked threads, averaged over a minute.</summary>
    public double? Load1M { get; init; }

    public long? ProcessResidentBytes { get; init; }
}
