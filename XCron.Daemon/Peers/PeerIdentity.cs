using Google.Protobuf;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>What this node answers to one that asks who it is. Thread-safe.</summary>
/// <param name="self">Made with the data directory.</param>
/// <param name="address">This node's own entry of peer_hosts.</param>
/// <param name="peerHosts">Whom it was told to form a cluster with; empty: nobody.</param>
internal sealed class PeerIdentity(NodeId self, string address, IReadOnlyList<string> peerHosts)
{
    // Set once, by whoever starts the node, before or after others ask; a reader gets it or not, both are true answers.
    private volatile Membership? _initial;
    private volatile Membership? _told;
    private volatile Func<Membership?> _inForce = static () => null;

    public NodeId Self => self;

    public string Address => address;

    public IReadOnlyList<string> PeerHosts => peerHosts;

    /// <summary>
    /// What this node was told of the cluster it joined; null where it formed one, or has none. Set as the other.
    /// </summary>
    public Membership? Told
    {
        get => _told;
        set => _told = value;
    }

    /// <summary>The configuration in force once the node runs; null before. Called at each answer.</summary>
    public Func<Membership?> InForce
    {
        get => _inForce;
        set => _inForce = value;
    }

    /// <summary>The configuration that this node's log began with, known from its disk or from forming.</summary>
    public Membership? InitialMembership
    {
        get => _initial;
        set => _initial = value;
    }

    public IdentifyReply Reply()
    {
        var reply = new IdentifyReply { NodeId = self.Value, Address = address };
        reply.PeerHosts.AddRange(peerHosts);
        if (_initial is { } initial)
            reply.InitialMembership = UnsafeByteOperations.UnsafeWrap(initial.Encode());
        if ((_inForce() ?? _initial ?? _told) is { } membership)
        {
            reply.Membership = UnsafeByteOperations.UnsafeWrap(membership.Encode());
            reply.ClusterId = UnsafeByteOperations.UnsafeWrap(membership.ClusterId.ToByteArray());
        }

        return reply;
    }
}
