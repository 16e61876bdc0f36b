using XCron.Raft;

namespace XCron.Daemon.Diagnostics;

/// <summary>
/// Every message of the daemon. Ids are never used again: 1xx host, 2xx configuration, 3xx API, 4xx firing, 5xx peers.
/// </summary>
internal static partial class DaemonTrace
{
    /// <summary>The category of all of them.</summary>
    public const string Category = "XCron";

    [LoggerMessage(100, LogLevel.Information,
        "xcron {Version} ({Env}) starts as node {Node} at {Self}; data in {RaftDir}")]
    public static partial void Starting(
        this ILogger logger, string version, string env, NodeId node, string self, string raftDir);

    [LoggerMessage(101, LogLevel.Information,
        "Listening on {Bind}: http {HttpPort}, monitor {MonitorPort}, peers {PeerPort}")]
    public static partial void Listening(
        this ILogger logger, string bind, int httpPort, int monitorPort, int peerPort);

    [LoggerMessage(102, LogLevel.Information, "Ready")]
    public static partial void Ready(this ILogger logger);

    [LoggerMessage(103, LogLevel.Warning, "Not ready: {Reason}")]
    public static partial void NotReady(this ILogger logger, string reason);

    [LoggerMessage(104, LogLevel.Information, "Stopping")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(105, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(106, LogLevel.Critical, "The {Loop} loop failed; the process stops")]
    public static partial void LoopFailed(this ILogger logger, string loop, Exception exception);

    [LoggerMessage(107, LogLevel.Critical, "Cannot listen on {Bind}, port {Port}; the process stops")]
    public static partial void CannotListen(this ILogger logger, string bind, int port, Exception exception);

    [LoggerMessage(108, LogLevel.Critical, "The node of the log failed; the process stops")]
    public static partial void NodeFailed(this ILogger logger, Exception exception);

    [LoggerMessage(109, LogLevel.Information, "{Role} in term {Term}; leader: {Leader}")]
    public static partial void RoleChanged(this ILogger logger, RaftRole role, Term term, NodeId leader);

    [LoggerMessage(110, LogLevel.Warning, "The machine's figures cannot be read any more; they are left out")]
    public static partial void MachineFiguresLost(this ILogger logger, Exception exception);

    [LoggerMessage(111, LogLevel.Error, "The disk of {RaftDir} is full; nothing can be changed until there is space")]
    public static partial void DiskFull(this ILogger logger, string raftDir);

    [LoggerMessage(112, LogLevel.Information, "The disk of {RaftDir} has space again")]
    public static partial void DiskHasSpace(this ILogger logger, string raftDir);

    [LoggerMessage(113, LogLevel.Critical, "Cannot start: {Reason}")]
    public static partial void CannotStart(this ILogger logger, string reason);

    [LoggerMessage(200, LogLevel.Information, "Configuration: {File}, then the environment and the command line")]
    public static partial void ConfiguredByFile(this ILogger logger, string file);

    [LoggerMessage(201, LogLevel.Information,
        "Configuration: no file, so defaults, then the environment and the command line")]
    public static partial void ConfiguredWithoutFile(this ILogger logger);

    [LoggerMessage(300, LogLevel.Error, "Request {Uuid} to {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string uuid, string path, Exception exception);

    [LoggerMessage(301, LogLevel.Warning, "Requests are refused: too much is waiting to be committed")]
    public static partial void Overloaded(this ILogger logger);

    [LoggerMessage(400, LogLevel.Warning,
        "Task {Task}: {Address} of {Host} is not called, [callback] allow and deny forbid it")]
    public static partial void TargetRefused(this ILogger logger, long task, string address, string host);

    [LoggerMessage(401, LogLevel.Information, "Owns {Shards} of {All} shards since epoch {Epoch}")]
    public static partial void OwnedShardsChanged(this ILogger logger, int shards, int all, long epoch);

    [LoggerMessage(402, LogLevel.Warning,
        "{Waiting} callbacks wait for a connection, which is [callback] max_waiting; nothing more is claimed")]
    public static partial void CallbacksQueueFull(this ILogger logger, int waiting);

    [LoggerMessage(403, LogLevel.Information, "Callbacks are claimed again; {Waiting} wait for a connection")]
    public static partial void CallbacksQueueHasRoom(this ILogger logger, int waiting);

    [LoggerMessage(404, LogLevel.Warning,
        "The clock was set back by {Seconds} s; due times wait until it is there again")]
    public static partial void ClockSetBack(this ILogger logger, double seconds);

    [LoggerMessage(405, LogLevel.Warning,
        "The clock was set forward by {Seconds} s, or the process stood still for it")]
    public static partial void ClockSetForward(this ILogger logger, double seconds);

    [LoggerMessage(406, LogLevel.Warning, "{Count} due times were later than misfire_threshold; their rules decide")]
    public static partial void Misfired(this ILogger logger, long count);

    [LoggerMessage(500, LogLevel.Information, "Member {Node} at {Address} is up")]
    public static partial void MemberUp(this ILogger logger, NodeId node, string address);

    [LoggerMessage(501, LogLevel.Warning, "Member {Node} at {Address} is down")]
    public static partial void MemberDown(this ILogger logger, NodeId node, string address);

    [LoggerMessage(502, LogLevel.Information, "Shards assigned to {Members} members, epoch {Epoch}; {Moved} moved")]
    public static partial void OwnersAssigned(this ILogger logger, int members, long epoch, int moved);

    [LoggerMessage(503, LogLevel.Information, "Cluster {Cluster} is formed: {Members}")]
    public static partial void ClusterFormed(this ILogger logger, Guid cluster, string members);

    [LoggerMessage(504, LogLevel.Information, "Waiting for {Missing} of peer_hosts to form the cluster")]
    public static partial void WaitingForPeers(this ILogger logger, string missing);

    [LoggerMessage(505, LogLevel.Error, "{Address} is no peer of this node: {Reason}")]
    public static partial void PeerRefused(this ILogger logger, string address, string reason);

    [LoggerMessage(506, LogLevel.Information, "Handing over {Shards} shards before stopping")]
    public static partial void HandingOver(this ILogger logger, int shards);

    [LoggerMessage(507, LogLevel.Warning, "The clock of {Address} is {Seconds} s off this node's")]
    public static partial void ClockApart(this ILogger logger, string address, double seconds);
}
