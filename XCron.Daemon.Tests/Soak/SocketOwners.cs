using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>Which process has a TCP connection, by /proc.</summary>
internal static class SocketOwners
{
    /// <returns>The process, one of those given; -1: none of them has it.</returns>
    public static int Find(int localPort, int remotePort, IEnumerable<int> processes)
    {
        if (InodeOf(localPort, remotePort) is not { } inode)
            return -1;

        var target = $"socket:[{inode}]";
        foreach (var process in processes.Where(process => process != 0))
        {
            if (Has(process, target))
                return process;
        }

        return -1;
    }

    private static string? InodeOf(int localPort, int remotePort)
    {
        const int LocalColumn = 1;
        const int RemoteColumn = 2;
        const int InodeColumn = 9;
        var local = ":" + localPort.ToString("X4", CultureInfo.InvariantCulture);
        var remote = ":" + remotePort.ToString("X4", CultureInfo.InvariantCulture);
        // A socket that speaks both protocols stands in the second one.
        foreach (var table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            foreach (var line in File.ReadLines(table))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns[LocalColumn].EndsWith(local, StringComparison.Ordinal)
                    && columns[RemoteColumn].EndsWith(remote, StringComparison.Ordinal))
                    return columns[InodeColumn];
            }
        }

        return null;
    }

    private static bool Has(int process, string target)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{process}/fd")
                .Any(entry => new FileInfo(entry).LinkTarget == target);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false; // The process, or its file, has gone meanwhile.
        }
    }
}
