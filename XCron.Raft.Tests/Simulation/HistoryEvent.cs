namespace XCron.Raft.Tests.Simulation;

/// <summary>One line of a history: what a client began, or how it ended.</summary>
/// <param name="Process">The client: one thing at a time, and none after <see cref="HistoryKind.Info"/>.</param>
/// <param name="Kind">Beginning or end.</param>
/// <param name="Operation">What is done.</param>
/// <param name="Key">To which register.</param>
/// <param name="Value">Written, or read (0: nothing was ever written); 0 in a read's beginning.</param>
/// <param name="Expected">What a compare-and-set expects.</param>
/// <param name="TimeMs">When.</param>
internal readonly record struct HistoryEvent(
    int Process, HistoryKind Kind, HistoryOperation Operation, int Key, long Value, long Expected, long TimeMs);

/// <summary>Whether something began, or how it ended.</summary>
internal enum HistoryKind
{
    Invoke,

    /// <summary>It happened between its beginning and here.</summary>
    Ok,

    /// <summary>It certainly did not happen and never will.</summary>
    Fail,

    /// <summary>A compare-and-set was done and found another value than it expected.</summary>
    Mismatch,

    /// <summary>Nobody knows: it may have happened, may happen later, or never.</summary>
    Info,
}

/// <summary>What a client does to a register.</summary>
internal enum HistoryOperation
{
    Read,
    Write,
    CompareAndSet,
}
