using System.Runtime.InteropServices;
using System.Text;

namespace XCron.Raft.Storage;

/// <summary>
/// A directory of the real file system, on Linux, macOS and Windows. Unlike the interface asks, every member may be
/// called from any thread.
/// </summary>
internal sealed partial class PosixDisk : IDisk
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;
    private const int Interrupted = 4;

    private readonly string _directory;
    private readonly HashSet<string> _unsyncedFolders = [];
    private readonly Lock _gate = new();

    /// <param name="directory">Created where it does not exist, and made durable in its parent.</param>
    public PosixDisk(string directory)
    {
        _directory = Path.GetFullPath(directory);
        if (Directory.Exists(_directory))
            return;

        Directory.CreateDirectory(_directory);
        if (Path.GetDirectoryName(_directory) is { } parent)
            SyncDirectory(parent);
    }

    public long FreeBytes => new DriveInfo(_directory).AvailableFreeSpace;

    public IReadOnlyList<string> List() =>
        [.. Directory.EnumerateFiles(_directory).Select(path => Path.GetFileName(path))];

    public bool Exists(string name) => File.Exists(PathOf(name));

    public IDiskFile Open(string name) => PosixFile.Open(PathOf(name), name, FileMode.Open);

    public IDiskFile Create(string name) => PosixFile.Open(PathOf(name), name, FileMode.CreateNew);

    public void Rename(string from, string to)
    {
        try
        {
            File.Move(PathOf(from), PathOf(to), overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw PosixFile.Translate(to, error);
        }
    }

    public void Delete(string name)
    {
        try
        {
            File.Delete(PathOf(name));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    public void MoveInto(string folder, string name)
    {
        Directory.CreateDirectory(PathOf(folder));
        lock (_gate)
            _unsyncedFolders.Add(folder);
        Rename(name, Path.Combine(folder, name));
    }

    public IReadOnlyList<string> Folders() =>
        [.. Directory.EnumerateDirectories(_directory).Select(path => Path.GetFileName(path))];

    public void SyncDirectory()
    {
        // A moved file's new name first: what is lost between the two has two names, and never none.
        string[] folders;
        lock (_gate)
        {
            folders = [.. _unsyncedFolders];
            _unsyncedFolders.Clear();
        }

        foreach (var folder in folders)
            SyncDirectory(PathOf(folder));
        SyncDirectory(_directory);
    }

    /// <remarks>
    /// .NET opens no directories. Windows needs none of this: NTFS journals names, and offers nothing to wait for.
    /// </remarks>
    private static void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;

        var descriptor = OpenDescriptor(Encoding.UTF8.GetBytes(directory + "\0"), ReadOnly);
        if (descriptor < 0)
            throw Failed("open", directory);

        try
        {
            while (SyncDescriptor(descriptor) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == InvalidArgument)
                    return; // a file system whose directories cannot be synced; .NET takes it so for files too
                if (error != Interrupted)
                    throw Failed("fsync", directory);
            }
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    private static IOException Failed(string call, string directory)
    {
        var error = Marshal.GetLastPInvokeError();
        return new($"{call} of {directory}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenDescriptor(byte[] path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);

    private string PathOf(string name) => Path.Combine(_directory, name);
}
