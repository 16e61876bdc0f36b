using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>What is said about dealings with other daemons. Event ids 4000 to 4099.</summary>
internal sealed partial class PeersTrace(ILogger<PeersTrace> logger)
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(4000, LogLevel.Information, "Formed cluster {ClusterId}: {Membership}.")]
    public partial void ClusterFormed(Guid clusterId, Membership membership);

    [LoggerMessage(4001, LogLevel.Information, "Joined cluster {ClusterId}, which counts on this node: {Membership}.")]
    public partial void ClusterAdopted(Guid clusterId, Membership membership);

    [LoggerMessage(4002, LogLevel.Information, "Waiting for {Peers} to form the cluster.")]
    public partial void WaitingForPeers(string peers);

    [LoggerMessage(4003, LogLevel.Warning,
        "This node ({Self}) is new; cluster {ClusterId} of {Address} must take it in. Until then it waits.")]
    public partial void LeftOutOfCluster(NodeId self, Guid clusterId, string address);

    [LoggerMessage(4004, LogLevel.Warning, "No cluster can be formed: {Why}")]
    public partial void PeersDisagree(string why);

    [LoggerMessage(4005, LogLevel.Error, "{Address} refuses this node's shared secret: {Message}")]
    public partial void SecretRefused(string address, string message);

    [LoggerMessage(4006, LogLevel.Information, "Found cluster {ClusterId} at {Address}, to be joined: {Membership}.")]
    public partial void ClusterFound(Guid clusterId, string address, Membership membership);

    [LoggerMessage(4007, LogLevel.Warning, "No cluster to join yet: {Address}: {Why}.")]
    public partial void NoClusterYet(string address, string why);

    [LoggerMessage(4008, LogLevel.Warning, "Not taken into the cluster yet, {Address} says: {Why}. It is asked again.")]
    public partial void NotTakenIn(string address, string why);

    [LoggerMessage(4009, LogLevel.Warning,
        "This node ({Self}) is no member of its cluster ({Membership}) and does nothing. If it was removed and is to "
        + "come back, stop it, empty raft_dir and start it with [peer] join: it is then a new node.")]
    public partial void Removed(NodeId self, Membership membership);

    [LoggerMessage(4050, LogLevel.Information,
        "{Id}, which the log has at {Address}, answers at {Found}: it is spoken to there.")]
    public partial void MemberFound(NodeId id, string address, string found);

    [LoggerMessage(4051, LogLevel.Information,
        "This node is at {Address} now, and the log has it at {Known}: the leader is asked to change that.")]
    public partial void OwnAddressChanged(string address, string known);

    [LoggerMessage(4040, LogLevel.Information, "Node {Id} at {Address} has caught up and votes from now on.")]
    public partial void LearnerPromoted(NodeId id, string address);

    [LoggerMessage(4041, LogLevel.Warning, "In quarantine: {Address} says: {Why}. It is asked again.")]
    public partial void NotVouchedFor(string address, string why);

    [LoggerMessage(4010, LogLevel.Information, "Passing commands on to leader {Leader} at {Address}.")]
    public partial void ForwardOpened(NodeId leader, string address);

    [LoggerMessage(4011, LogLevel.Warning, "The stream of commands to leader {Leader} at {Address} broke: {Reason}")]
    public partial void ForwardBroken(NodeId leader, string address, string reason);

    [LoggerMessage(4012, LogLevel.Debug, "Leader {Leader} at {Address} cannot be reached: {Reason}")]
    public partial void ForwardUnreachable(NodeId leader, string address, string reason);

    [LoggerMessage(4020, LogLevel.Debug, "Reports to {Peer} at {Address} do not get through: {Reason}")]
    public partial void ReportBroken(NodeId peer, string address, string reason);

    [LoggerMessage(4021, LogLevel.Warning,
        "The clock of {Peer} at {Address} is {Seconds:+0.000;-0.000} s from this node's (give or take {Error:0.000} s)"
        + ". Tasks run by the clock of the node that owns them: set both by NTP.")]
    public partial void ClockIsOff(NodeId peer, string address, double seconds, double error);

    [LoggerMessage(4022, LogLevel.Information,
        "The clock of {Peer} at {Address} agrees with this node's again ({Seconds:+0.000;-0.000} s).")]
    public partial void ClockIsRight(NodeId peer, string address, double seconds);

    [LoggerMessage(4030, LogLevel.Information,
        "{Shards} shards go to node {Owner}, process {Incarnation:x16}, with epoch {Epoch}.")]
    public partial void ShardsAssigned(int shards, NodeId owner, ulong incarnation, long epoch);

    [LoggerMessage(4031, LogLevel.Debug, "An assignment on top of epoch {Epoch} came to nothing: {Outcome}.")]
    public partial void AssignmentNotApplied(long epoch, ProposeOutcome outcome);

    [LoggerMessage(4032, LogLevel.Warning,
        "Node {Id} at {Address} lags: it has applied {Applied} of {Known}. It owns no shards until it has caught up.")]
    public partial void MemberLags(NodeId id, string address, long applied, LogIndex known);

    [LoggerMessage(4033, LogLevel.Information,
        "Node {Id} at {Address} has caught up: it has applied {Applied}, and may own shards.")]
    public partial void MemberIsLevel(NodeId id, string address, long applied);
}
