namespace XCron.Daemon.Commands;

/// <summary>One of the 256 parts that tasks are divided into by their id.</summary>
internal readonly record struct ShardId(int Value)
{
    public const int Count = 256;

    /// <summary>
    /// Fibonacci hashing of the id, so that consecutive ids spread evenly (Knuth, TAOCP vol. 3, §6.4).
    /// </summary>
    public static ShardId Of(TaskId id) => new((int)(((ulong)id.Value * 11400714819323198485UL) >> 56));
}
