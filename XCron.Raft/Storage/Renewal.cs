using System.Globalization;
using System.Text;

namespace XCron.Raft.Storage;

/// <summary>
/// Gives a data directory other files in place of those it has, which are set aside in a folder of it and never
/// deleted. Safe against a crash between any two lines: before the decision nothing has changed, after it the next
/// start carries it out.
/// </summary>
/// <remarks>
/// <para>
/// The new files are made ready under a prefix. The decision is a file, <c>renewal</c>, put in place by a rename: from
/// then on every other file is moved into the folder, but for those it names. When they are, it is renamed to
/// <c>renewal.moved</c>: from then on the new files lose their prefix. Each phase may be repeated, and neither begins
/// before the one before it is durable. Then the decision is deleted.
/// </para>
/// <para>
/// At most <see cref="MaxFolders"/> folders are kept, and none is taken away here: a disk that damages files again and
/// again is something to be looked at by somebody.
/// </para>
/// </remarks>
internal static class Renewal
{
    public const int MaxFolders = 3;
    public const string Decision = "renewal";
    public const string Moved = "renewal.moved";
    public const string StagedPrefix = "next.";

    private const string AsideName = "renewal.tmp";
    private const string FolderPrefix = "damaged-";
    private const string FirstLine = "xcron renewal 1";

    /// <summary>The folders of files that were set aside.</summary>
    public static IReadOnlyList<string> FoldersOf(IDisk disk) =>
        [.. disk.Folders().Where(static name => NumberOf(name) > 0).Order(StringComparer.Ordinal)];

    /// <summary>An empty place for the new files; everything in it must be synced before the decision.</summary>
    public static IDisk Stage(IDisk disk)
    {
        RemoveStaged(disk);
        return new StagedDisk(disk, StagedPrefix);
    }

    /// <summary>Decides, and carries out.</summary>
    /// <param name="disk">The directory.</param>
    /// <param name="keep">Names of files that stay where they are.</param>
    /// <returns>The folder that has the old files.</returns>
    public static string CarryOut(IDisk disk, IReadOnlyList<string> keep)
    {
        var folders = FoldersOf(disk);
        Invariant.Require(folders.Count < MaxFolders, "there is room for another folder of damaged files");
        var number = folders.Select(NumberOf).DefaultIfEmpty(0).Max() + 1;
        var folder = FolderPrefix + number.ToString("d3", CultureInfo.InvariantCulture);
        Write(disk, [FirstLine, folder, .. keep]);
        Finish(disk);
        return folder;
    }

    /// <summary>Carries out what was decided, if anything was; else takes away what was made ready for it.</summary>
    /// <exception cref="LogDamagedException">The decision cannot be read.</exception>
    public static void Finish(IDisk disk)
    {
        if (disk.Exists(Decision))
        {
            disk.SyncDirectory(); // the last process may have died between the rename and its sync
            MoveAside(disk);
        }

        if (disk.Exists(Moved))
            PutInPlace(disk);
        RemoveStaged(disk);
    }

    private static void MoveAside(IDisk disk)
    {
        var lines = Read(disk);
        var keep = lines.AsSpan(2).ToArray();
        foreach (var name in disk.List())
        {
            var stays = name is DirectoryLock.FileName or Decision or Moved or AsideName
                || name.StartsWith(StagedPrefix, StringComparison.Ordinal) || keep.Contains(name);
            if (!stays)
                disk.MoveInto(lines[1], name);
        }

        disk.SyncDirectory();
        disk.Rename(Decision, Moved);
        disk.SyncDirectory();
    }

    private static void PutInPlace(IDisk disk)
    {
        foreach (var name in disk.List().Where(IsStaged))
            disk.Rename(name, name[StagedPrefix.Length..]);
        disk.SyncDirectory();
        disk.Delete(Moved);
        disk.SyncDirectory();
    }

    private static void RemoveStaged(IDisk disk)
    {
        var remains = disk.List().Where(static name => IsStaged(name) || name == AsideName).ToArray();
        foreach (var name in remains)
            disk.Delete(name);
        if (remains.Length > 0)
            disk.SyncDirectory();
    }

    private static void Write(IDisk disk, string[] lines)
    {
        var text = string.Join('\n', lines) + "\n";
        var bytes = Encoding.UTF8.GetBytes(text);
        using (var file = disk.Create(AsideName))
        {
            file.Write(0, [.. bytes, .. Encoding.UTF8.GetBytes(CrcLine(bytes))]);
            file.Sync();
        }

        disk.Rename(AsideName, Decision);
        disk.SyncDirectory();
    }

    private static string[] Read(IDisk disk)
    {
        using var file = disk.Open(Decision);
        var bytes = new byte[file.Length];
        _ = file.Read(0, bytes);
        var end = bytes.AsSpan().TrimEnd((byte)'\n').LastIndexOf((byte)'\n') + 1;
        var lines = Encoding.UTF8.GetString(bytes.AsSpan(0, end)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2 || lines[0] != FirstLine || NumberOf(lines[1]) == 0
            || Encoding.UTF8.GetString(bytes.AsSpan(end)) != CrcLine(bytes.AsSpan(0, end)))
        {
            throw new LogDamagedException(Decision, 0, "the decision to replace the files here fails its check.");
        }

        return lines;
    }

    private static string CrcLine(ReadOnlySpan<byte> bytes) =>
        Checksum.Of(bytes).ToString("x8", CultureInfo.InvariantCulture) + "\n";

    private static bool IsStaged(string name) => name.StartsWith(StagedPrefix, StringComparison.Ordinal);

    /// <summary>0 for a name that is none of ours.</summary>
    private static int NumberOf(string folder) =>
        folder.StartsWith(FolderPrefix, StringComparison.Ordinal)
        && int.TryParse(
            folder.AsSpan(FolderPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
