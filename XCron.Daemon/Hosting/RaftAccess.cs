using System.Collections.Immutable;
using XCron.Daemon.Commands;
using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>The local Raft node as the stations of the daemon see it.</summary>
/// <param name="node">That node.</param>
/// <param name="leastEpoch">
/// Of its directory: a node that has just joined reads the log from its beginning, before the epoch.
/// </param>
internal sealed class RaftAccess(RaftNode node, long leastEpoch) : IMemberAccess
{
    public event Action? Changed;

    public NodeId Self => node.Id;

    public NodeId Leader => node.Leadership.Leader;

    public bool IsLeader => node.Leadership.Role == RaftRole.Leader;

    public LogIndex Applied => node.Status.Applied;

    public Term Term => node.Leadership.Term;

    public Membership Membership => node.Status.Membership;

    public long Epoch => Math.Max(leastEpoch, Membership.Epoch);

    public Membership? CommittedMembership =>
        node.Status is var status && status.MembershipIndex <= status.Commit ? status.Membership : null;

    public bool IsCaughtUp(NodeId id) => PeerOf(id) is { IsCaughtUp: true };

    public bool IsCompleteWithout(NodeId id) => IsCompleteWithout(node.Status, id);

    /// <summary>Whether a majority of the voters, without this one, has everything that is committed.</summary>
    public static bool IsCompleteWithout(RaftStatus status, NodeId id)
    {
        return IsMajority(status.Membership.Voters)
            && (status.Membership.Outgoing.IsEmpty || IsMajority(status.Membership.Outgoing));

        bool IsMajority(ImmutableArray<NodeId> voters) => voters.Count(Has) > voters.Length / 2;

        bool Has(NodeId voter) => voter != id && (voter == status.Self
            ? status.Durable >= status.Commit
            : status.Peers.Any(peer => peer.Id == voter && peer.Match >= status.Commit));
    }

    public TimeSpan? SilentFor(NodeId id) => PeerOf(id)?.SinceContact;

    public Task<ChangeOutcome> AddLearnerAsync(Member member, CancellationToken cancellationToken) =>
        node.AddLearnerAsync(member, cancellationToken: cancellationToken);

    public Task<ChangeOutcome> ReplaceAsync(NodeId old, Member replacement, CancellationToken cancellationToken) =>
        node.ReplaceAsync(old, replacement, cancellationToken: cancellationToken);

    public Task<ChangeOutcome> PromoteAsync(NodeId id, CancellationToken cancellationToken) =>
        node.PromoteAsync(id, cancellationToken: cancellationToken);

    public Task<ChangeOutcome> RemoveAsync(NodeId id, CancellationToken cancellationToken) =>
        node.RemoveAsync(id, cancellationToken: cancellationToken);

    public Task<TransferOutcome> TransferLeadershipAsync(NodeId target, CancellationToken cancellationToken) =>
        node.TransferLeadershipAsync(target, cancellationToken);

    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        // Ends by itself within the request timeout.
        node.ProposeAsync(command, CommandUrgency.Of(command.Span));

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) =>
        node.ReadBarrierAsync(cancellationToken);

    /// <summary>Passes every change of leadership and of the members on, until the node stops.</summary>
    public Task WatchAsync(CancellationToken stopping) => Task.WhenAll(
        PassOnAsync(node.WatchLeadershipAsync(stopping)), PassOnAsync(node.WatchMembershipAsync(stopping)));

    private PeerStatus? PeerOf(NodeId id) => node.Status.Peers.FirstOrDefault(peer => peer.Id == id);

    private async Task PassOnAsync<T>(IAsyncEnumerable<T> changes)
    {
        await foreach (var _ in changes)
            Changed?.Invoke();
    }
}
