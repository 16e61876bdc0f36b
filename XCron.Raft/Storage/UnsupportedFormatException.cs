namespace XCron.Raft.Storage;

/// <summary>A whole file of a format that only a newer version reads. Left as it is.</summary>
/// <param name="file">The file's name in the data directory.</param>
/// <param name="format">The format it has.</param>
/// <param name="newestRead">The newest format this version reads.</param>
public sealed class UnsupportedFormatException(string file, uint format, uint newestRead) : IOException(
    $"{file} has format {format}; this version reads up to {newestRead}. Start the version that wrote it, or a newer one.")
{
    /// <summary>The file's name in the data directory.</summary>
    public string File { get; } = file;

    /// <summary>The format it has.</summary>
    public uint Format { get; } = format;
}
