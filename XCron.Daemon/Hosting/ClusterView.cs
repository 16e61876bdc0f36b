using XCron.Daemon.Api;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.Peers;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// The cluster as this node knows it: from its log, from the others' reports, and of itself at first hand.
/// </summary>
internal sealed class ClusterView(
    NodeId self,
    SelfStatus status,
    ITaskReader tasks,
    MemberDirectory members,
    Func<MachineFigures> machine,
    TimeProvider time)
    : IClusterView
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    // Null until the node runs.
    private volatile RaftNode? _node;

    public void Attach(RaftNode node) => _node = node;

    public string? HostOf(NodeId id) => _node?.Status.Membership.Find(id)?.Address;

    public ClusterFigures Read()
    {
        if (_node is not { } node)
            return new ClusterFigures { Self = self, Leader = NodeId.None, Term = 0, Members = [] };

        var raft = node.Status;
        var shards = new Dictionary<NodeId, int>();
        foreach (var owner in tasks.Ownership.Sessions)
            shards[owner.Node] = shards.GetValueOrDefault(owner.Node) + 1;
        var figures = raft.Membership.Members
            .Select(member => member.Id == self ? Own(raft, member) : Other(raft, member))
            .Select(figure => figure with { Shards = shards.GetValueOrDefault(figure.Id) })
            .ToArray();
        return new ClusterFigures { Self = self, Leader = raft.Leader, Term = raft.Term.Value, Members = figures };
    }

    private MemberFigures Own(RaftStatus raft, Member member)
    {
        var latest = machine();
        return new MemberFigures
        {
            Id = member.Id,
            Host = member.Address,
            HttpHost = status.HttpAddress,
            Role = RoleOf(raft, member),
            IsVoter = member.Suffrage == Suffrage.Voter,
            Term = raft.Term.Value,
            CommitIndex = raft.Commit.Value,
            AppliedIndex = raft.Applied.Value,
            Lag = Math.Max(0, raft.Commit - raft.Applied),
            Shards = 0,
            IsUp = true,
            SinceMs = _startedAt.ToUnixTimeMilliseconds(),
            Version = status.Version,
            ClockOffset = TimeSpan.Zero,
            ClockOffsetError = TimeSpan.Zero,
            Machine = LoadOf(MachineReports.Of(latest)),
        };
    }

    private MemberFigures Other(RaftStatus raft, Member member)
    {
        var heard = members.Find(member.Id);
        var isUp = heard is not null && !members.IsSilent(member.Id);
        return new MemberFigures
        {
            Id = member.Id,
            Host = member.Address,
            HttpHost = heard?.HttpAddress,
            Role = RoleOf(raft, member),
            IsVoter = member.Suffrage == Suffrage.Voter,
            Term = isUp ? raft.Term.Value : null,
            CommitIndex = heard is { CommitIndex: not 0 } ? heard.CommitIndex : null,
            AppliedIndex = heard?.AppliedIndex,
            Lag = heard is null ? null : Math.Max(0, raft.Commit.Value - heard.AppliedIndex),
            Shards = 0,
            IsUp = isUp,
            SinceMs = (isUp ? heard!.UpSince : heard?.HeardAt)?.ToUnixTimeMilliseconds(),
            Version = heard?.Version,
            ClockOffset = heard?.ClockOffset,
            ClockOffsetError = heard?.ClockOffset is null ? null : heard.ClockOffsetError,
            Machine = heard is null ? null : LoadOf(heard.Machine),
        };
    }

    private static string RoleOf(RaftStatus raft, Member member)
    {
        if (member.Suffrage == Suffrage.Learner)
            return "learner";
        if (member.Id == raft.Leader)
            return "leader";
        var isCampaigning = member.Id == raft.Self && raft.Role is RaftRole.Candidate or RaftRole.PreCandidate;
        return isCampaigning ? "candidate" : "follower";
    }

    private static MachineLoad LoadOf(Proto.Cluster.MachineFigures machine) => new()
    {
        CpuShare = machine.CpuShare,
        MemoryTotalBytes = machine.MemoryTotalBytes,
        MemoryAvailableBytes = machine.MemoryAvailableBytes,
        DiskTotalBytes = machine.DiskTotalBytes,
        DiskFreeBytes = machine.DiskFreeBytes,
        Load = machine.Load1M,
        ProcessResidentBytes = machine.ProcessResidentBytes,
    };
}
