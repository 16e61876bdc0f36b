namespace XCron.Raft;

/// <summary>
/// A whole file of a format that only a newer version reads; it is left as it is. Never retried: start the version that
/// wrote it, or a later one.
/// </summary>
public sealed class UnsupportedFormatException : IOException
{
    internal UnsupportedFormatException(string file, uint format, uint newestRead)
        : base(
            $"{file} has format {format}; this version reads up to {newestRead}. Start the version that wrote it, or a "
            + "later.")
    {
        File = file;
        Format = format;
    }

    /// <summary>The file's name in the data directory.</summary>
    public string File { get; }

    /// <summary>The format it has, above the newest this version reads.</summary>
    public uint Format { get; }
}
