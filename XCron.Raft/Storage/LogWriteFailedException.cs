namespace XCron.Raft.Storage;

/// <summary>
/// A write or sync of the log failed. What is on disk is unknown from now on (after a failed fsync the system may have
/// thrown the pages away and call the next one a success), so the log takes no more calls and the node must stop.
/// </summary>
/// <param name="what">What was being done.</param>
/// <param name="cause">The disk's error.</param>
public sealed class LogWriteFailedException(string what, Exception cause)
    : IOException($"{what} failed; the log cannot be trusted any more and the node must stop: {cause.Message}", cause);
