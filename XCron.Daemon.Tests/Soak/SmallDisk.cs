using System.Diagnostics;

namespace XCron.Daemon.Tests.Soak;

/// <summary>A file system in memory for one node's directory, that can be filled to the last byte.</summary>
internal sealed class SmallDisk(string folder)
{
    private const string Size = "256m";
    private const int BlockBytes = 64 * 1024;

    private readonly string _ballast = Path.Combine(folder, "ballast");
    private bool _isMounted;

    /// <summary>Whether it could be mounted; that needs root.</summary>
    public async Task<bool> TryMountAsync()
    {
        _isMounted = await RunAsync("mount", "-t", "tmpfs", "-o", $"size={Size}", "xcron-soak", folder) == 0;
        return _isMounted;
    }

    public void Fill()
    {
        using var file = new FileStream(_ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[BlockBytes];
        for (var length = BlockBytes; length > 0; length /= 2)
        {
            while (TryWrite(file, block.AsSpan(0, length)))
            {
                // As often as it fits.
            }
        }
    }

    public void Free() => File.Delete(_ballast);

    public async Task UnmountAsync()
    {
        if (_isMounted && await RunAsync("umount", folder) != 0)
            await RunAsync("umount", "-l", folder);
        _isMounted = false;
    }

    private static bool TryWrite(FileStream file, ReadOnlySpan<byte> block)
    {
        try
        {
            file.Write(block);
            return true;
        }
        catch (IOException)
        {
            return false; // No space left, which is what is wanted.
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
