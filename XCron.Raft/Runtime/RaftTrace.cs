using Microsoft.Extensions.Logging;

namespace XCron.Raft.Runtime;

/// <summary>Everything that the library logs.</summary>
internal static partial class RaftTrace
{
    [LoggerMessage(1, LogLevel.Information, "Node {Node} is {Role} in term {Term}; leader {Leader}")]
    public static partial void RoleChanged(ILogger logger, NodeId node, RaftRole role, long term, NodeId leader);

    [LoggerMessage(2, LogLevel.Information,
        "Recovered: term {Term}, snapshot at {Snapshot}, log up to {LastIndex}, committed at least to {Commit}")]
    public static partial void Recovered(ILogger logger, long term, long snapshot, long lastIndex, long commit);

    [LoggerMessage(3, LogLevel.Warning,
        "A write that was under way when the process ended was cut off: {Bytes} bytes at offset {Offset} of {File}. "
        + "It was never acknowledged, unless the log's end was damaged after a loss of power: that looks the same")]
    public static partial void TornTailCut(ILogger logger, string file, long offset, long bytes);

    [LoggerMessage(4, LogLevel.Information, "Snapshot taken at index {Index}")]
    public static partial void SnapshotTaken(ILogger logger, long index);

    [LoggerMessage(5, LogLevel.Information, "Snapshot at index {Index} abandoned: the node is stopping")]
    public static partial void SnapshotAbandoned(ILogger logger, long index);

    [LoggerMessage(6, LogLevel.Error, "Snapshot at index {Index} could not be written; the log is kept")]
    public static partial void SnapshotFailed(ILogger logger, long index, Exception failure);

    [LoggerMessage(7, LogLevel.Information, "Pulling the snapshot at index {Index} from {Leader}")]
    public static partial void SnapshotPullStarted(ILogger logger, long index, NodeId leader);

    [LoggerMessage(8, LogLevel.Information, "Pulled the snapshot at index {Index}: {Bytes} bytes")]
    public static partial void SnapshotPulled(ILogger logger, long index, long bytes);

    [LoggerMessage(9, LogLevel.Warning, "Pulling the snapshot at index {Index} failed; it will be offered again")]
    public static partial void SnapshotPullFailed(ILogger logger, long index, Exception failure);

    [LoggerMessage(10, LogLevel.Error, "The disk is full: proposals are refused until there is space")]
    public static partial void DiskFull(ILogger logger);

    [LoggerMessage(11, LogLevel.Information, "The disk has space again: proposals are taken")]
    public static partial void DiskHasSpace(ILogger logger);

    [LoggerMessage(12, LogLevel.Critical, "The node stops: it cannot trust its state any more")]
    public static partial void NodeFailed(ILogger logger, Exception failure);

    [LoggerMessage(13, LogLevel.Information, "Connected to {Peer} at {Address} ({Lane})")]
    public static partial void PeerConnected(ILogger logger, NodeId peer, string address, string lane);

    [LoggerMessage(14, LogLevel.Warning, "Lost {Peer} at {Address} ({Lane}): {Reason}")]
    public static partial void PeerLost(ILogger logger, NodeId peer, string address, string lane, string reason);

    [LoggerMessage(15, LogLevel.Error, "{Peer} at {Address} refuses us: {Reason}. Someone must correct this")]
    public static partial void PeerRefuses(ILogger logger, NodeId peer, string address, string reason);

    [LoggerMessage(16, LogLevel.Warning, "A connection from {Remote} was refused: {Reason}")]
    public static partial void PeerRefused(ILogger logger, string remote, string reason);

    [LoggerMessage(18, LogLevel.Information, "Members from index {Index} on: {Membership}")]
    public static partial void MembersChanged(ILogger logger, long index, Membership membership);

    [LoggerMessage(19, LogLevel.Error,
        "The disk stands: nothing was made durable for {Milliseconds} ms. A leader hands over; the node goes on")]
    public static partial void DiskStalled(ILogger logger, long milliseconds);

    [LoggerMessage(21, LogLevel.Error,
        "Disk space is low: there is none for another segment of the log. Ordinary proposals are refused, urgent ones "
        + "are taken into what is left of this one, until there is space")]
    public static partial void DiskLow(ILogger logger);

    [LoggerMessage(20, LogLevel.Information, "The disk answers again")]
    public static partial void DiskAnswers(ILogger logger);

    [LoggerMessage(17, LogLevel.Information, "The node stopped")]
    public static partial void NodeStopped(ILogger logger);

    [LoggerMessage(41, LogLevel.Error,
        "{File} is damaged at byte {Offset}: {What} It is left out; what it had is in the log, or in a newer snapshot")]
    public static partial void SnapshotDamaged(ILogger logger, string file, long offset, string what);

    [LoggerMessage(40, LogLevel.Warning,
        "{File} fails its check at byte {Offset}: torn by a loss of power, or damaged. It only says how far the log "
        + "was durable; whether the log's end lost something is judged without it this time")]
    public static partial void WatermarkUnreadable(ILogger logger, string file, int offset);
}
