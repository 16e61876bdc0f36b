using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace XCron.Raft;

/// <summary>
/// Who belongs to a cluster. <see cref="Outgoing"/> holds the voters of the configuration that is being left (joint
/// consensus, Raft §6): while it is not empty, decisions need a majority of both. Immutable.
/// </summary>
public sealed class Membership
{
    internal const int MaxMembers = 255;

    // The first format has no epoch, and is what is written where that is 0, so that older versions read it.
    private const byte FirstFormat = 1;
    private const byte Format = 2;

    /// <param name="clusterId">Which cluster; random, not empty, the same for all its life.</param>
    /// <param name="members">1 to 255 members, in any order, each id once; at least one voter.</param>
    /// <exception cref="ArgumentException">One of these does not hold.</exception>
    public Membership(Guid clusterId, IEnumerable<Member> members)
        : this(clusterId, members, [])
    {
    }

    internal Membership(Guid clusterId, IEnumerable<Member> members, IEnumerable<NodeId> outgoing)
    {
        ArgumentNullException.ThrowIfNull(members);
        ClusterId = clusterId;
        Members = [.. members.OrderBy(member => member.Id)];
        Outgoing = [.. outgoing.Order()];
        Voters = [.. Members.Where(member => member.Suffrage == Suffrage.Voter).Select(member => member.Id)];
        if (clusterId == Guid.Empty)
            throw new ArgumentException("The cluster id is empty.", nameof(clusterId));
        if (Members.Select(member => member.Id).Distinct().Count() != Members.Length)
            throw new ArgumentException("Two members have one id.", nameof(members));
        if (Voters.Length == 0)
            throw new ArgumentException("There is no voter.", nameof(members));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Members.Length, MaxMembers, nameof(members));
    }

    /// <summary>Which cluster this is; never changes in its life.</summary>
    public Guid ClusterId { get; }

    /// <summary>
    /// How often this cluster was recovered from a lost quorum (<see cref="RaftRecovery.ForceNewCluster"/>): nodes of
    /// a lower epoch are refused. 0, the default: never.
    /// </summary>
    public long Epoch
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>All members, by id.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The ids of those that vote, in order.</summary>
    public ImmutableArray<NodeId> Voters { get; }

    /// <summary>The voters of the configuration being left, in order; empty outside a change.</summary>
    public ImmutableArray<NodeId> Outgoing { get; }

    /// <summary>The member with this id, or null.</summary>
    public Member? Find(NodeId id) => Members.FirstOrDefault(member => member.Id == id);

    /// <summary>Whether the node votes in either configuration.</summary>
    public bool IsVoter(NodeId id) => Voters.Contains(id) || Outgoing.Contains(id);

    /// <summary>The bytes of a configuration entry; equal memberships have equal bytes.</summary>
    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        stream.WriteByte(Epoch == 0 ? FirstFormat : Format);
        stream.Write(ClusterId.ToByteArray());
        if (Epoch > 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, Epoch);
            stream.Write(number);
        }

        stream.WriteByte((byte)Members.Length);
        foreach (var member in Members)
        {
            WriteId(member.Id, number);
            stream.WriteByte((byte)member.Suffrage);
            var address = Encoding.UTF8.GetBytes(member.Address);
            BinaryPrimitives.WriteUInt16LittleEndian(number, checked((ushort)address.Length));
            stream.Write(number[..2]);
            stream.Write(address);
        }

        stream.WriteByte((byte)Outgoing.Length);
        foreach (var id in Outgoing)
            WriteId(id, number);
        return stream.ToArray();

        void WriteId(NodeId id, Span<byte> buffer)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, id.Value);
            stream.Write(buffer);
        }
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no membership, or of a newer format.</exception>
    public static Membership Decode(ReadOnlySpan<byte> encoded)
    {
        var rest = encoded;
        var format = Take(ref rest, 1)[0];
        if (format is < FirstFormat or > Format)
            throw new FormatException($"Membership of format {format}; this version reads up to {Format}.");

        var clusterId = new Guid(Take(ref rest, 16));
        var epoch = format == FirstFormat ? 0 : BinaryPrimitives.ReadInt64LittleEndian(Take(ref rest, 8));
        if (epoch < 0 || (epoch == 0) != (format == FirstFormat))
            throw new FormatException($"A membership of format {format} with epoch {epoch}.");

        var members = new Member[Take(ref rest, 1)[0]];
        for (var i = 0; i < members.Length; i++)
        {
            var id = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8)));
            var suffrage = (Suffrage)Take(ref rest, 1)[0];
            var addressBytes = BinaryPrimitives.ReadUInt16LittleEndian(Take(ref rest, 2));
            members[i] = new Member(id, Encoding.UTF8.GetString(Take(ref rest, addressBytes)), suffrage);
        }

        var outgoing = new NodeId[Take(ref rest, 1)[0]];
        for (var i = 0; i < outgoing.Length; i++)
            outgoing[i] = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8)));
        return new Membership(clusterId, members, outgoing) { Epoch = epoch };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(", ", Members.Select(member => $"{member.Id}@{member.Address} {member.Suffrage}"));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        if (rest.Length < count)
            throw new FormatException("The bytes of a membership end too early.");

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
