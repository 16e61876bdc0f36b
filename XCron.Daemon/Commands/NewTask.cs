namespace XCron.Daemon.Commands;

/// <summary>A task to be created.</summary>
/// <param name="Id">From this process's <see cref="TaskIdSource"/>.</param>
/// <param name="CreateTimeMs">Unix milliseconds.</param>
/// <param name="FirstDueMs">Unix milliseconds.</param>
/// <param name="Definition">As <see cref="TaskDefinitionCodec"/> encodes it.</param>
internal readonly record struct NewTask(
    TaskId Id, long CreateTimeMs, long FirstDueMs, ReadOnlyMemory<byte> Definition)
{
    /// <summary>By how much jitter moves the first run, in milliseconds.</summary>
    public long FirstDelayMs { get; init; }
}
