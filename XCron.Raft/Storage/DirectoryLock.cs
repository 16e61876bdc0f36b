using System.Globalization;

namespace XCron.Raft.Storage;

/// <summary>
/// A process's claim on its data directory: two nodes on one log would destroy it. Held by the system, so it ends with
/// the process however that ends; the file itself stays and means nothing.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    public const string FileName = "lock";

    private const int LinuxWouldBlock = 11;
    private const int DarwinWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int WindowsLockViolation = unchecked((int)0x80070021);

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the directory, which is created where it does not exist.</summary>
    /// <exception cref="DirectoryLockedException">Another process has it.</exception>
    public static DirectoryLock Acquire(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, FileName);
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                // For people who look into the file: whose it is.
                file.SetLength(0);
                file.Write(System.Text.Encoding.ASCII.GetBytes(
                    Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
                file.Flush();
            }
            catch
            {
                file.Dispose();
                throw;
            }

            return new(file);
        }
        catch (IOException error) when (error.HResult is LinuxWouldBlock or DarwinWouldBlock
            or WindowsSharingViolation or WindowsLockViolation)
        {
            throw new DirectoryLockedException(directory, error);
        }
    }

    public void Dispose() => _file.Dispose();
}
