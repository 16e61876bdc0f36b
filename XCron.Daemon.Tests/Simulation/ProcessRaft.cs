using XCron.Daemon.Hosting;
using XCron.Daemon.Peers;
using XCron.Raft;
using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The node of the log as the daemon's stations see it; does what RaftNode does, without its threads.
/// </summary>
internal sealed class ProcessRaft(ProcessClock clock, TimeSpan requestTimeout) : IMemberAccess
{
    private NodeAssembly? _node;
    private LeadershipChange? _seen;
    private Membership? _seenMembership;

    public event Action? Changed;

    public NodeId Self => Node.Self;

    public NodeId Leader => Node.Loop.Leadership.Current.Leader;

    public bool IsLeader => Node.Loop.Leadership.Current.Role == RaftRole.Leader;

    public Term Term => Node.Loop.Leadership.Current.Term;

    public LogIndex Applied => Node.Loop.Status.Current.Applied;

    public Membership Membership => Node.Loop.Status.Current.Membership;

    public long Epoch => Node.Epoch;

    public Membership? CommittedMembership =>
        Status is var status && status.MembershipIndex <= status.Commit ? status.Membership : null;

    private NodeAssembly Node => _node!;

    private RaftStatus Status => Node.Loop.Status.Current;

    public void Attach(NodeAssembly node) => _node = node;

    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        if (!IsLeader)
            return ValueTask.FromResult<ProposeOutcome>(new ProposeOutcome.Rejected(RejectReason.NotLeader, Leader));

        var proposal = Node.Proposals.Rent();
        proposal.Begin(command, Node.Clock.NowMs);
        if (!Node.Loop.TryPost(proposal))
            proposal.Complete(new ProposeOutcome.Rejected(RejectReason.Overloaded, Leader));
        return proposal.Outcome;
    }

    public async ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        var done = Node.Parts.Reads.Join(out var isNew);
        if (isNew && !Node.Loop.TryPost(new NodeInput.ReadsWaiting()))
            return false;

        // Completes in the process's context, since that is where it is awaited.
        var ended = new TaskCompletionSource<bool>();
        using var timer = clock.CreateTimer(
            _ => ended.TrySetResult(false), null, requestTimeout, Timeout.InfiniteTimeSpan);
        using var registration = cancellationToken.UnsafeRegister(
            static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), ended);
        _ = PassOnAsync(done, ended);
        return await ended.Task;
    }

    public bool IsCaughtUp(NodeId id) => PeerOf(id) is { IsCaughtUp: true };

    public bool IsCompleteWithout(NodeId id) => RaftAccess.IsCompleteWithout(Status, id);

    public TimeSpan? SilentFor(NodeId id) => PeerOf(id)?.SinceContact;

    public Task<ChangeOutcome> AddLearnerAsync(Member member, CancellationToken cancellationToken) =>
        ChangeAsync(new MemberEdit.AddLearner(member), cancellationToken);

    public Task<ChangeOutcome> ReplaceAsync(NodeId old, Member replacement, CancellationToken cancellationToken) =>
        ChangeAsync(new MemberEdit.Replace(old, replacement), cancellationToken);

    public Task<ChangeOutcome> PromoteAsync(NodeId id, CancellationToken cancellationToken) =>
        ChangeAsync(new MemberEdit.Promote(id), cancellationToken);

    public Task<ChangeOutcome> RemoveAsync(NodeId id, CancellationToken cancellationToken) =>
        ChangeAsync(new MemberEdit.Remove(id), cancellationToken);

    public async Task<TransferOutcome> TransferLeadershipAsync(NodeId target, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        return Node.Loop.TryPost(new NodeInput.TransferLeadership(target, done))
            ? await done.Task
            : new TransferOutcome.Refused(TransferRefusal.Stopping, Leader);
    }

    /// <summary>Tells the stations of what changed since the last look.</summary>
    public void Look()
    {
        var leadership = Node.Loop.Leadership.Current;
        var membership = Membership;
        if (ReferenceEquals(leadership, _seen) && ReferenceEquals(membership, _seenMembership))
            return;

        (_seen, _seenMembership) = (leadership, membership);
        Changed?.Invoke();
    }

    private async Task<ChangeOutcome> ChangeAsync(MemberEdit edit, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<ChangeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Node.Loop.TryPost(new NodeInput.ChangeMembers(edit, null, done)))
            return new ChangeOutcome.Refused(ChangeRefusal.Stopping, Leader);

        // As in a read barrier, instead of WaitAsync.
        var ended = new TaskCompletionSource<ChangeOutcome>();
        using var timer = clock.CreateTimer(
            _ => ended.TrySetResult(new ChangeOutcome.Unknown()), null, requestTimeout, Timeout.InfiniteTimeSpan);
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<ChangeOutcome>)state!).TrySetCanceled(token), ended);
        _ = PassOnAsync(done.Task, ended);
        return await ended.Task;
    }

    private PeerStatus? PeerOf(NodeId id) => Status.Peers.FirstOrDefault(peer => peer.Id == id);

    private static async Task PassOnAsync<T>(Task<T> done, TaskCompletionSource<T> ended) =>
        ended.TrySetResult(await done);
}
