using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>What a node's answer tells of its cluster's members, for one that is to join it.</summary>
internal static class KnownMembership
{
    /// <summary>
    /// The same members, under the epoch that the node knows of: one that has just joined reads the log from its
    /// beginning, where the configurations are of older epochs.
    /// </summary>
    public static Membership WithEpoch(this Membership membership, long epoch) => membership.Epoch == epoch
        ? membership
        : new Membership(membership.ClusterId, membership.Members) { Epoch = epoch };

    /// <summary>Of which epoch the node is; of two, the higher is the cluster.</summary>
    public static long EpochOf(IdentifyReply reply)
    {
        var encoded = reply.Membership.IsEmpty ? reply.InitialMembership : reply.Membership;
        return encoded.IsEmpty ? 0 : Membership.Decode(encoded.Span).Epoch;
    }

    /// <summary>
    /// Without the asker, who has to be told by the log itself that it is in; null where the node has no cluster, or
    /// knows of nobody who votes but the asker. Throws FormatException or ArgumentException where it is unreadable.
    /// </summary>
    public static Membership? Read(IdentifyReply reply, NodeId asker)
    {
        var encoded = reply.Membership.IsEmpty ? reply.InitialMembership : reply.Membership;
        if (encoded.IsEmpty)
            return null;

        var membership = Membership.Decode(encoded.Span);
        if (membership.Find(asker) is null)
            return membership;

        var others = membership.Members.Where(member => member.Id != asker).ToArray();
        return Array.Exists(others, member => member.Suffrage == Suffrage.Voter)
            ? new Membership(membership.ClusterId, others) { Epoch = membership.Epoch }
            : null;
    }
}
