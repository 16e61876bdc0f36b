namespace XCron.Daemon.Commands;

/// <summary>One task of a <see cref="CreateCommand"/>; the definition lies in the command's bytes.</summary>
internal ref struct CreateEntry
{
    public TaskId Id;
    public long CreateTimeMs;
    public long FirstDueMs;
    public long FirstDelayMs;
    public ReadOnlySpan<byte> Definition;
}
