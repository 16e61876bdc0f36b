using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>A Raft node of which a test decides everything. A proposal ends as <see cref="Propose"/> says.</summary>
internal sealed class InMemoryRaft : IRaftAccess
{
    private static readonly Guid Cluster = new("6a1f0b52-3c1e-4c52-9a57-111111111111");

    public InMemoryRaft(params ulong[] ids)
        : this(MembershipOf(ids), new NodeId(ids[0]))
    {
    }

    public InMemoryRaft(Membership membership, NodeId self)
    {
        Self = self;
        Membership = membership;
    }

    public event Action? Changed;

    public NodeId Self { get; }

    public NodeId Leader { get; private set; }

    public bool IsLeader => Leader == Self;

    public long Epoch { get; set; }

    public Term Term { get; private set; }

    public LogIndex Applied { get; set; }

    public Membership Membership { get; private set; }

    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<ProposeOutcome>> Propose { get; set; } =
        static (_, _) => new(new ProposeOutcome.Applied(new LogIndex(1), new Term(1), default));

    public Func<CancellationToken, ValueTask<bool>> ReadBarrier { get; set; } = static _ => new(true);

    public int Proposals { get; private set; }

    public int ReadBarriers { get; private set; }

    public static string AddressOf(ulong id) => $"node{id}:8899";

    public void Lead(ulong id)
    {
        Leader = new NodeId(id);
        Term = new Term(Term.Value + 1);
        Changed?.Invoke();
    }

    public void LoseLeader() => Lead(0);

    public void ChangeMembers(params ulong[] ids)
    {
        Membership = MembershipOf(ids);
        Changed?.Invoke();
    }

    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        Proposals++;
        return Propose(command, cancellationToken);
    }

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        ReadBarriers++;
        return ReadBarrier(cancellationToken);
    }

    private static Membership MembershipOf(ulong[] ids) =>
        new(Cluster, ids.Select(id => new Member(new NodeId(id), AddressOf(id))));
}
