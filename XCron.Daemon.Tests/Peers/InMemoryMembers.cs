using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>A Raft node whose members a test sets; it notes what was asked of it and does it at once.</summary>
internal sealed class InMemoryMembers(NodeId self, Membership membership) : IMemberAccess
{
    public event Action? Changed;

    public NodeId Self { get; } = self;

    public NodeId Leader { get; set; } = self;

    public bool IsLeader => Leader == Self;

    public long Epoch { get; set; }

    public Term Term { get; set; } = new(1);

    public LogIndex Applied { get; set; }

    public Membership Membership { get; private set; } = membership;

    public Membership? CommittedMembership => Membership;

    public HashSet<NodeId> CaughtUp { get; } = [];

    /// <summary>Who was not heard, and for how long; all others were a moment ago.</summary>
    public Dictionary<NodeId, TimeSpan> Silent { get; } = [];

    public List<string> Asked { get; } = [];

    public Func<ChangeOutcome?> Refuses { get; set; } = static () => null;

    public bool IsCaughtUp(NodeId id) => CaughtUp.Contains(id);

    public TimeSpan? SilentFor(NodeId id) => Silent.GetValueOrDefault(id);

    public void Become(params Member[] members)
    {
        Membership = new Membership(Membership.ClusterId, members);
        Changed?.Invoke();
    }

    public void Lead(NodeId leader)
    {
        Leader = leader;
        Changed?.Invoke();
    }

    public Task<ChangeOutcome> AddLearnerAsync(Member member, CancellationToken cancellationToken) =>
        Change($"add {member.Id.Value} at {member.Address}", [.. Others(member.Id), member]);

    public Task<ChangeOutcome> ReplaceAsync(NodeId old, Member replacement, CancellationToken cancellationToken) =>
        Change($"replace {old.Value} by {replacement.Id.Value}", [.. Others(old), replacement]);

    public Task<ChangeOutcome> PromoteAsync(NodeId id, CancellationToken cancellationToken) => Change(
        $"promote {id.Value}", [.. Others(id), Membership.Find(id)! with { Suffrage = Suffrage.Voter }]);

    public Task<ChangeOutcome> RemoveAsync(NodeId id, CancellationToken cancellationToken) =>
        Change($"remove {id.Value}", Others(id));

    public Task<TransferOutcome> TransferLeadershipAsync(NodeId target, CancellationToken cancellationToken)
    {
        Asked.Add($"transfer to {target.Value}");
        return Task.FromResult<TransferOutcome>(new TransferOutcome.Transferred(target, new Term(Term.Value + 1)));
    }

    public ValueTask<ProposeOutcome> ProposeAsync(
        ReadOnlyMemory<byte> command, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Whether a majority confirms what this node says.</summary>
    public bool HasMajority { get; set; } = true;

    /// <summary>Whose disk alone has some of what is committed.</summary>
    public NodeId Needed { get; set; }

    public bool IsCompleteWithout(NodeId id) => id != Needed;

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(HasMajority);

    private Member[] Others(NodeId id) => [.. Membership.Members.Where(member => member.Id != id)];

    private Task<ChangeOutcome> Change(string asked, Member[] members)
    {
        Asked.Add(asked);
        if (Refuses() is { } refusal)
            return Task.FromResult(refusal);

        Become(members);
        return Task.FromResult<ChangeOutcome>(new ChangeOutcome.Changed(new LogIndex(9), Membership));
    }
}
