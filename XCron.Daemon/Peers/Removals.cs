using XCron.Daemon.State;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>On the leader: takes members out, with their shards given to others first.</summary>
internal sealed class Removals(
    IMemberAccess raft, PeerOptions options, TimeProvider timeProvider, ITaskReader? tasks, MemberDirectory? members)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public RemovedNodes Removed { get; } = new();

    public async Task<MemberReply> RemoveAsync(string host, CancellationToken cancellationToken)
    {
        if (raft.Membership.FindAt(host) is not { } member)
            return await AwaitGoneAsync(host, cancellationToken);

        if (tasks is null || members is null)
            return await RemoveAsync(member.Id, cancellationToken);

        members.Depart(member.Id);
        try
        {
            await AwaitHandOverAsync(member.Id, tasks, cancellationToken);
            return await RemoveAsync(member.Id, cancellationToken);
        }
        finally
        {
            members.EndDeparture(member.Id);
        }
    }

    /// <summary>
    /// It is no member, or its removal goes on: whoever is told so may switch it off, so that must be committed.
    /// </summary>
    private async Task<MemberReply> AwaitGoneAsync(string host, CancellationToken cancellationToken)
    {
        var wasLeaving = raft.Membership.IsLeaving(host);
        while (raft.IsLeader && (raft.Membership.IsLeaving(host) || raft.CommittedMembership is null))
            await Task.Delay(Look, timeProvider, cancellationToken);

        if (!raft.IsLeader || raft.Membership.FindAt(host) is not null)
            return MemberReplies.NotLeader;
        return wasLeaving ? MemberReplies.Done : MemberReplies.Refused(raft.Membership.NoMember(host));
    }

    private async Task<MemberReply> RemoveAsync(NodeId id, CancellationToken cancellationToken)
    {
        // Before it is out: what it asks may come at any time.
        Removed.Add(id);
        var outcome = await raft.RemoveAsync(id, cancellationToken);
        if (outcome is ChangeOutcome.Refused)
            Removed.Forget(id);
        return MemberReplies.Of(outcome);
    }

    /// <summary>
    /// Until the node owns nothing any more, so that its due times are served by others before it goes. Bounded: one
    /// that does not let go of its callbacks, or a leader that cannot assign, does not keep it in the cluster.
    /// </summary>
    private async Task AwaitHandOverAsync(NodeId id, ITaskReader owners, CancellationToken cancellationToken)
    {
        if (raft.Membership.Voters.Length == 1)
            return;

        var start = timeProvider.GetTimestamp();
        while (timeProvider.GetElapsedTime(start) < options.RequestTimeout / 2
            && owners.Ownership is var table && table.Sessions.Concat(table.Ending).Any(owner => owner.Node == id))
        {
            await Task.Delay(Look, timeProvider, cancellationToken);
        }
    }
}
