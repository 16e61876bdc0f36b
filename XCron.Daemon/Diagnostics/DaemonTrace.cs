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

    [LoggerMessage(104, LogLevel.Information, "Stopping")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(105, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(106, LogLevel.Critical, "The {Loop} loop failed; the process stops")]
    public static partial void LoopFailed(this ILogger logger, string loop, Exception exception);

    [LoggerMessage(108, LogLevel.Critical, "The node of the log failed; the process stops")]
    public static partial void NodeFailed(this ILogger logger, Exception exception);

    [LoggerMessage(110, LogLevel.Warning, "The machine's figures cannot be read any more; they are left out")]
    public static partial void MachineFiguresLost(this ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Critical, "Cannot start: {Reason}")]
    public static partial void CannotStart(this ILogger logger, string reason);

    [LoggerMessage(114, LogLevel.Warning,
        "{Others} of peer_hosts were not in the configuration that this node's log began with ({Formed}). peer_hosts "
        + "forms a cluster once, and the log decides from then on: members that answer there are found and their "
        + "addresses changed, new nodes come in by [peer] join or addPeer")]
    public static partial void PeerHostsIgnored(this ILogger logger, string others, string formed);

    [LoggerMessage(115, LogLevel.Information, "Leadership handed over: {Outcome}")]
    public static partial void LeadershipHandedOver(this ILogger logger, TransferOutcome outcome);

    [LoggerMessage(116, LogLevel.Information,
        "No [auth] api_keys are configured: whoever reaches http_port may do everything")]
    public static partial void ApiIsOpen(this ILogger logger);

    [LoggerMessage(117, LogLevel.Warning,
        "Neither [peer] shared_secret nor [tls] peer_cert, peer_key and peer_ca are configured: whoever reaches "
        + "peer_port may pass for a node of the cluster")]
    public static partial void PeersAreOpen(this ILogger logger);

    [LoggerMessage(120, LogLevel.Error,
        "In quarantine, since the data is damaged: {Damage} Nothing is served or voted from it; {Others} are asked for "
        + "a leader with a majority")]
    public static partial void Quarantined(this ILogger logger, string damage, string others);

    [LoggerMessage(121, LogLevel.Critical, "The data is damaged, and nobody else has it: {Damage}")]
    public static partial void DamagedAndAlone(this ILogger logger, string damage);

    [LoggerMessage(122, LogLevel.Warning,
        "The damaged files are in {Folder} of the data directory; the node comes back as a new one in its place, to be "
        + "taken in by {Membership}")]
    public static partial void SetAside(this ILogger logger, string folder, Membership membership);

    [LoggerMessage(123, LogLevel.Critical,
        "The node stops, since data that it read is damaged: {Damage} The next start looks at all of it")]
    public static partial void DamagedWhileRunning(this ILogger logger, string damage);

    [LoggerMessage(124, LogLevel.Critical,
        "{Reason} To join, set its data aside (xcron_server recover --rejoin) and start it with [peer] join")]
    public static partial void Superseded(this ILogger logger, string reason);

    [LoggerMessage(200, LogLevel.Information, "Configuration: {File}, then the environment and the command line")]
    public static partial void ConfiguredByFile(this ILogger logger, string file);

    [LoggerMessage(201, LogLevel.Information,
        "Configuration: no file, so defaults, then the environment and the command line")]
    public static partial void ConfiguredWithoutFile(this ILogger logger);

    [LoggerMessage(300, LogLevel.Error, "Request {Uuid} to {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string uuid, string path, Exception exception);

    [LoggerMessage(404, LogLevel.Warning,
        "The clock was set back by {Seconds} s; due times wait until it is there again")]
    public static partial void ClockSetBack(this ILogger logger, double seconds);

    [LoggerMessage(503, LogLevel.Information, "Cluster {Cluster} is formed: {Members}")]
    public static partial void ClusterFormed(this ILogger logger, Guid cluster, string members);

    [LoggerMessage(504, LogLevel.Information, "Waiting for {Missing} of peer_hosts to form the cluster")]
    public static partial void WaitingForPeers(this ILogger logger, string missing);

    [LoggerMessage(125, LogLevel.Warning,
        "{Path} could not be written: {Why}. It says that this node was taken in; it is tried again.")]
    public static partial void AdmissionNotNoted(this ILogger logger, string path, string why);
}
