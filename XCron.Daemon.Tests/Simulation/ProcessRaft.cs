using XCron.Daemon.Peers;
using XCron.Raft;
using XCron.Raft.Runtime;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// The node of the log as the daemon's stations see it; does what RaftNode does, without its threads.
/// </summary>
internal sealed class ProcessRaft(ProcessClock clock, TimeSpan requestTimeout) : IRaftAccess
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

    private NodeAssembly Node => _node!;

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

    public async Task<TransferOutcome> TransferLeadershipAsync(NodeId target)
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

    private static async Task PassOnAsync(Task<bool> done, TaskCompletionSource<bool> ended) =>
        ended.TrySetResult(await done);
}
