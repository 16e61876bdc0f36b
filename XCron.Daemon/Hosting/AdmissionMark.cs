using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Hosting;

/// <summary>
/// The note in a node's data directory that its cluster has taken it in: an empty file. A configuration in the log is
/// no proof of that, since it is in force before it is committed and may be undone; and one without this node is what
/// both a node sees that catches up and one that was removed. Without the note the node asks to be taken in; with it,
/// one that is no member was removed and stays out.
/// </summary>
/// <remarks>
/// The file is not there if the machine dies between the commit and this note. Then a node that is removed before it is
/// up again and has read its log asks once more, and is taken in again.
/// </remarks>
internal sealed class AdmissionMark(string directory, ILogger logger)
{
    public const string Name = "taken-in";

    private readonly string _path = Path.Combine(directory, Name);

    public bool IsSet => File.Exists(_path);

    /// <returns>False where it could not be written: to be tried again.</returns>
    public bool TrySet()
    {
        try
        {
            using var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write);
            file.Flush(flushToDisk: true);
            return true;
        }
        catch (IOException failure)
        {
            logger.AdmissionNotNoted(_path, failure.Message);
            return false;
        }
    }
}
