using Microsoft.Win32.SafeHandles;

namespace XCron.Raft.Storage;

/// <summary>A file of the real file system; every member may be called from any thread.</summary>
internal sealed class PosixFile : IDiskFile
{
    private const int NoSpace = 28;
    private const int LinuxQuotaExceeded = 122;
    private const int DarwinQuotaExceeded = 69;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    private readonly SafeFileHandle _handle;

    private PosixFile(SafeFileHandle handle, string name)
    {
        _handle = handle;
        Name = name;
    }

    public string Name { get; }

    public long Length => RandomAccess.GetLength(_handle);

    public static PosixFile Open(string path, string name, FileMode mode)
    {
        try
        {
            // No caching or locking of .NET's own: the directory is locked as a whole.
            var share = FileShare.ReadWrite | FileShare.Delete;
            return new(File.OpenHandle(path, mode, FileAccess.ReadWrite, share), name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Translate(name, error);
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var count = RandomAccess.Read(_handle, buffer[filled..], offset + filled);
            if (count == 0)
                break;
            filled += count;
        }

        return filled;
    }

    public void Write(long offset, ReadOnlySpan<byte> content)
    {
        try
        {
            RandomAccess.Write(_handle, content, offset);
        }
        catch (IOException error)
        {
            throw Translate(Name, error);
        }
    }

    public void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (IOException error)
        {
            throw Translate(Name, error);
        }
    }

    /// <remarks>Measured as fast as fdatasync where the file already has its full length and blocks.</remarks>
    public void Sync() => RandomAccess.FlushToDisk(_handle);

    public void Dispose() => _handle.Dispose();

    /// <summary>Tells a full disk, or quota, from other errors.</summary>
    internal static IOException Translate(string name, Exception error)
    {
        var isFull = OperatingSystem.IsWindows()
            ? error.HResult is WindowsDiskFull or WindowsHandleDiskFull
            : error.HResult == NoSpace
                || error.HResult == (OperatingSystem.IsLinux() ? LinuxQuotaExceeded : DarwinQuotaExceeded);
        return isFull ? new DiskFullException(name, error)
            : error as IOException ?? new IOException(error.Message, error);
    }
}
