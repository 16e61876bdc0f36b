namespace XCron.Raft;

/// <summary>
/// A write or sync of the log failed. What is on disk is unknown from now on (after a failed fsync the system may have
/// thrown the pages away and call the next one a success), so the log takes no more calls and the node stops; <see
/// cref="RaftNode.Completion"/> is faulted with this. Never retried in this process: a restart reads what is there.
/// </summary>
public sealed class LogWriteFailedException : IOException
{
    internal LogWriteFailedException(string what, Exception cause)
        : base($"{what} failed; the log cannot be trusted any more and the node must stop: {cause.Message}", cause)
    {
    }
}
