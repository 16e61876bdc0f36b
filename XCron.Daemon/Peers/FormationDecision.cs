using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// What a node with an empty directory does, given what its peer_hosts answered. A pure function. Nodes that form do so
/// from the same ids and addresses and so get equal bytes, whichever of them forms first and whoever dies meanwhile.
/// </summary>
internal abstract record FormationDecision
{
    private const int ClusterIdBytes = 16;

    private protected FormationDecision()
    {
    }

    /// <summary>The cluster is there and this node belongs to it.</summary>
    public sealed record Adopt(Membership Membership) : FormationDecision;

    /// <summary>Everybody was heard and nobody has a cluster: this is it.</summary>
    public sealed record Form(Membership Membership) : FormationDecision;

    /// <summary>Ask on: these have not answered.</summary>
    public sealed record Wait(IReadOnlyList<string> Unheard) : FormationDecision;

    /// <summary>
    /// There is a cluster without this node, which must take it in. Another would split the data.
    /// </summary>
    /// <param name="Address">Who said so.</param>
    /// <param name="Known">Its members, as far as it is known.</param>
    public sealed record LeftOut(string Address, Membership Known) : FormationDecision;

    /// <summary>The nodes were told different things; ask on, until somebody has corrected it.</summary>
    public sealed record Disagree(string Why) : FormationDecision;

    /// <summary>No asking will help: this node's configuration or directory is wrong.</summary>
    public sealed record Impossible(string Why) : FormationDecision;

    /// <param name="self">This node.</param>
    /// <param name="selfAddress">Which of the peer hosts it is.</param>
    /// <param name="peerHosts">All of them, itself included.</param>
    /// <param name="replies">What the others answered, by the peer host asked; those not heard are missing.</param>
    public static FormationDecision Decide(
        NodeId self,
        string selfAddress,
        IReadOnlyList<string> peerHosts,
        IReadOnlyDictionary<string, IdentifyReply> replies)
    {
        var heard = peerHosts
            .Where(address => address != selfAddress && replies.ContainsKey(address))
            .Select(address => (Address: address, Reply: replies[address]))
            .ToArray();
        if (FindIdConflict(self, selfAddress, peerHosts, heard) is { } conflict)
            return new Impossible(conflict);

        var withCluster = Array.FindAll(
            heard, peer => !peer.Reply.ClusterId.IsEmpty || !peer.Reply.InitialMembership.IsEmpty);
        if (withCluster.Length > 0)
            return JoinExisting(self, selfAddress, withCluster);
        if (FindDisagreement(peerHosts, heard) is { } disagreement)
            return new Disagree(disagreement);

        var unheard = peerHosts.Where(address => address != selfAddress && !replies.ContainsKey(address)).ToArray();
        return unheard.Length > 0 ? new Wait(unheard) : new Form(MembershipOf(self, selfAddress, heard));
    }

    private static string? FindIdConflict(
        NodeId self, string selfAddress, IReadOnlyList<string> peerHosts, (string Address, IdentifyReply Reply)[] heard)
    {
        if (!peerHosts.Contains(selfAddress))
            return $"[peer] self is {selfAddress}, which is none of peer_hosts.";
        if (peerHosts.Distinct(StringComparer.Ordinal).Count() != peerHosts.Count)
            return "peer_hosts names an address twice.";

        var addresses = new Dictionary<ulong, string> { [self.Value] = selfAddress };
        foreach (var (address, reply) in heard)
        {
            if (reply.NodeId == 0)
                return $"{address} answers without a node id.";
            if (!addresses.TryAdd(reply.NodeId, address))
            {
                return $"{addresses[reply.NodeId]} and {address} have one node id, {new NodeId(reply.NodeId)}: either "
                    + "both are the same node, or a data directory was copied. Each node needs a raft_dir of its own.";
            }
        }

        return null;
    }

    private static FormationDecision JoinExisting(
        NodeId self, string selfAddress, (string Address, IdentifyReply Reply)[] withCluster)
    {
        try
        {
            // Where the cluster was recovered from a lost quorum, those of an older epoch are not of it any more.
            var newest = withCluster.Max(peer => KnownMembership.EpochOf(peer.Reply));
            withCluster = Array.FindAll(withCluster, peer => KnownMembership.EpochOf(peer.Reply) == newest);
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            return new Disagree($"There is a cluster that this version cannot read: {damage.Message}");
        }

        // Nodes that were taken in later do not know how the cluster began; any that formed it is better heard.
        var former = Array.FindIndex(withCluster, peer => !peer.Reply.InitialMembership.IsEmpty);
        var (address, reply) = withCluster[Math.Max(former, 0)];
        var other = Array.Find(withCluster, peer => !peer.Reply.ClusterId.Equals(reply.ClusterId));
        if (other.Address is not null)
            return new Disagree($"{address} and {other.Address} belong to different clusters.");

        Membership? initial;
        Membership? known;
        try
        {
            initial = reply.InitialMembership.IsEmpty ? null : Membership.Decode(reply.InitialMembership.Span);
            known = KnownMembership.Read(reply, self);
        }
        catch (Exception damage) when (damage is FormatException or ArgumentException)
        {
            return new Disagree($"{address} has a cluster this version cannot read: {damage.Message}");
        }

        // One that was to form it and died before, and was given up since, is as new as any other.
        var isExpected = initial?.Find(self) is not null && IsMember(self, reply);
        if (!isExpected && known is null)
            return new Disagree($"{address} knows of nobody else who votes.");
        if (!isExpected)
            return new LeftOut(address, known!);

        var member = initial!.Find(self)!;
        return member.Address == selfAddress
            ? new Adopt(initial)
            : new Impossible(
                $"The cluster of {address} knows this node as {member.Address}, but [peer] self is {selfAddress}.");
    }

    private static bool IsMember(NodeId self, IdentifyReply reply) =>
        reply.Membership.IsEmpty || Membership.Decode(reply.Membership.Span).Find(self) is not null;

    private static string? FindDisagreement(
        IReadOnlyList<string> peerHosts, (string Address, IdentifyReply Reply)[] heard)
    {
        foreach (var (address, reply) in heard)
        {
            if (reply.Address != address)
                return $"{address} calls itself {reply.Address}: peer_hosts must be the same on every node.";
            if (!reply.PeerHosts.ToHashSet(StringComparer.Ordinal).SetEquals(peerHosts))
            {
                return $"{address} has peer_hosts {string.Join(", ", reply.PeerHosts)}; "
                    + $"here they are {string.Join(", ", peerHosts)}.";
            }
        }

        return null;
    }

    private static Membership MembershipOf(
        NodeId self, string selfAddress, (string Address, IdentifyReply Reply)[] heard)
    {
        var members = heard
            .Select(peer => new Member(new NodeId(peer.Reply.NodeId), peer.Address))
            .Append(new Member(self, selfAddress))
            .OrderBy(member => member.Id)
            .ToArray();
        return new Membership(ClusterIdOf(members), members);
    }

    /// <summary>The first bytes of SHA-256 over ids and addresses, in the order of the ids.</summary>
    private static Guid ClusterIdOf(Member[] members)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        foreach (var member in members)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(number, member.Id.Value);
            hash.AppendData(number);
            var address = Encoding.UTF8.GetBytes(member.Address);
            BinaryPrimitives.WriteInt32LittleEndian(number, address.Length);
            hash.AppendData(number[..sizeof(int)]);
            hash.AppendData(address);
        }

        return new Guid(hash.GetHashAndReset().AsSpan(0, ClusterIdBytes));
    }
}
