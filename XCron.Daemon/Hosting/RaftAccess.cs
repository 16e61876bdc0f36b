using XCron.Daemon.Peers;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>The local Raft node as the stations of the daemon see it.</summary>
internal sealed class RaftAccess(RaftNode node) : IRaftAccess
{
    public event Action? Changed;

    public NodeId Self => node.Id;

    public NodeId Leader => node.Leadership.Leader;

    public bool IsLeader => node.Leadership.Role == RaftRole.Leader;

    public Term Term => node.Leadership.Term;

    public Membership Membership => node.Status.Membership;

    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        node.ProposeAsync(command); // ends by itself within the request timeout

    public ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken) =>
        node.ReadBarrierAsync(cancellationToken);

    /// <summary>Passes every change of leadership on, until the node stops.</summary>
    public async Task WatchAsync(CancellationToken stopping)
    {
        await foreach (var _ in node.WatchLeadershipAsync(stopping))
            Changed?.Invoke();
    }
}
