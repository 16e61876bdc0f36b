using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft;

/// <summary>
/// One node of a replicated state machine: log, elections, replication, snapshots. All members are thread-safe.
/// </summary>
public sealed class RaftNode : IAsyncDisposable
{
    private readonly NodeAssembly _node;
    private readonly RaftOptions _options;
    private readonly ILogger _logger;
    private readonly BackgroundTasks _background;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stopping;
    private Exception? _failure;

    private RaftNode(NodeAssembly node, RaftOptions options, BackgroundTasks background, ILogger logger)
    {
        _node = node;
        _options = options;
        _background = background;
        _logger = logger;
    }

    // The loop takes nothing more because it ends, or else because too much waits for it.
    private RejectReason RefusedAtTheDoor => Volatile.Read(ref _stopping) != 0 // written by a dispose, or a failure
        ? RejectReason.Stopping
        : RejectReason.Overloaded;

    /// <summary>Who this is.</summary>
    public NodeId Id => _node.Self;

    /// <summary>What the node knows of itself and its cluster.</summary>
    public RaftStatus Status => _node.Loop.Status.Current;

    /// <summary>Role, term and leader, never staler than the node's own loop.</summary>
    public LeadershipChange Leadership => _node.Loop.Leadership.Current;

    /// <summary>
    /// Ends when the node has stopped; faulted if it stopped itself because it cannot trust its disk or state any more.
    /// The process should then end: nothing it could do would be safe.
    /// </summary>
    public Task Completion => _ended.Task;

    /// <summary>
    /// Recovers what is in the directory, restores the state machine from its snapshot, and starts. Committed commands
    /// after the snapshot are applied in the background; <see cref="ReadBarrierAsync"/> tells when the node is current.
    /// After a failure nothing runs, and the directory may be started again.
    /// </summary>
    /// <param name="directory">
    /// Formed or joined (<see cref="RaftDirectory.Form"/>, <see cref="RaftDirectory.Join"/>); to be disposed after the
    /// node.
    /// </param>
    /// <param name="options">Timeouts and bounds.</param>
    /// <param name="stateMachine">Empty: everything in it comes from the snapshot and the log.</param>
    /// <param name="transport">Started and disposed by the node.</param>
    /// <param name="logger">Where the node says what an operator cares about; null: nowhere.</param>
    /// <param name="cancellationToken">Abandons the start.</param>
    /// <exception cref="InvalidOperationException">The directory belongs to no cluster yet.</exception>
    /// <exception cref="ArgumentException">Two options contradict each other.</exception>
    /// <exception cref="LogDamagedException">A file is damaged; nothing was served from it.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote a file.</exception>
    /// <exception cref="DiskFullException">No space for the first segment of the log.</exception>
    public static async Task<RaftNode> StartAsync(
        RaftDirectory directory,
        RaftOptions options,
        IStateMachine stateMachine,
        IRaftTransport transport,
        ILogger? logger = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stateMachine);
        ArgumentNullException.ThrowIfNull(transport);
        options.ThrowIfContradictory();
        var initial = directory.InitialMembership
            ?? throw new InvalidOperationException(
                $"{directory.Path} belongs to no cluster yet; call Form or Join first.");

        logger ??= NullLogger.Instance;
        directory.RequireLog();
        var background = new BackgroundTasks();
        var assembly = await NodeAssembly
            .BuildAsync(
                directory.Disk,
                initial,
                directory.NodeId,
                options,
                stateMachine,
                transport,
                background.Run,
                logger,
                cancellationToken)
            .ConfigureAwait(false);
        var node = new RaftNode(assembly, options, background, logger);
        background.Failed = node.Fail;
        directory.MarkLogBegun();
        node.Start();
        return node;
    }

    /// <summary>
    /// Proposes a command. On a leader it is appended, replicated, and applied; elsewhere it is rejected with the
    /// leader as a hint. Ends within <see cref="RaftOptions.RequestTimeout"/>. Never throws for the state of the
    /// cluster. The ValueTask must be awaited exactly once.
    /// </summary>
    /// <param name="command">
    /// At most <see cref="RaftOptions.MaxEntryBytes"/>. Owned by the log from now on: it must not be changed.
    /// </param>
    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command) =>
        ProposeAsync(command, ProposalUrgency.Ordinary);

    /// <inheritdoc cref="ProposeAsync(ReadOnlyMemory{byte})"/>
    /// <param name="command">
    /// At most <see cref="RaftOptions.MaxEntryBytes"/>. Owned by the log from now on: it must not be changed.
    /// </param>
    /// <param name="urgency">Whether it is taken also while disk space is low.</param>
    public ValueTask<ProposeOutcome> ProposeAsync(ReadOnlyMemory<byte> command, ProposalUrgency urgency)
    {
        var leadership = Leadership;
        if (leadership.Role != RaftRole.Leader)
            return Rejected(RejectReason.NotLeader, leadership.Leader);
        if (_node.Loop.Waiting >= _options.MaxWaitingProposals)
            return Rejected(RejectReason.Overloaded, leadership.Leader);

        var proposal = _node.Proposals.Rent();
        proposal.Begin(command, _node.Clock.NowMs, urgency);
        if (!_node.Loop.TryPostFromOutside(proposal))
            proposal.Complete(new ProposeOutcome.Rejected(RefusedAtTheDoor, leadership.Leader));
        return proposal.Outcome;
    }

    /// <summary>
    /// Returns true once this node has applied every command whose proposal ended, on any node, before this call: a
    /// read of the state machine is then linearizable (Raft §8, thesis §6.4), by a round of heartbeats or, with <see
    /// cref="RaftOptions.LeaseReads"/>, by the leader's lease. False: no leader confirmed it within <see
    /// cref="RaftOptions.RequestTimeout"/>, or there is none; it may be tried again. Reading the state machine without
    /// this is a stale read: what this node has applied so far, which may lack what was acknowledged long ago.
    /// </summary>
    /// <param name="cancellationToken">Abandons the wait.</param>
    public async ValueTask<bool> ReadBarrierAsync(CancellationToken cancellationToken = default)
    {
        var done = _node.Parts.Reads.Join(out var isNew);
        if (isNew && !_node.Loop.TryPost(new NodeInput.ReadsWaiting()))
            return false;

        try
        {
            return await done.WaitAsync(_options.RequestTimeout, _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>
    /// Adds a member that receives the log and does not vote; a known member is given the address. On a leader only,
    /// as all changes of the members; each ends within <see cref="RaftOptions.RequestTimeout"/>, and never throws for
    /// the state of the cluster.
    /// </summary>
    /// <param name="member">Started with <see cref="RaftDirectory.Join"/>; its suffrage is not looked at.</param>
    /// <param name="expected">Refused unless this is where the configuration in force stands; null: any.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<ChangeOutcome> AddLearnerAsync(
        Member member, LogIndex? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        return ChangeAsync(new MemberEdit.AddLearner(member), expected, cancellationToken);
    }

    /// <summary>
    /// Gives a learner its vote; refused until it has caught up (<see cref="PeerStatus.IsCaughtUp"/>).
    /// </summary>
    /// <param name="id">The learner.</param>
    /// <param name="expected">Refused unless this is where the configuration in force stands; null: any.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<ChangeOutcome> PromoteAsync(
        NodeId id, LogIndex? expected = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MemberEdit.Promote(id), expected, cancellationToken);

    /// <summary>
    /// Removes a member, which may be this leader itself: it leads until that is committed, and then hands over. The
    /// id is not to be used again: a node that returns does so with a new directory.
    /// </summary>
    /// <param name="id">The member.</param>
    /// <param name="expected">Refused unless this is where the configuration in force stands; null: any.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<ChangeOutcome> RemoveAsync(
        NodeId id, LogIndex? expected = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MemberEdit.Remove(id), expected, cancellationToken);

    /// <summary>Removes one member and adds another in the same change.</summary>
    /// <param name="old">The member that goes.</param>
    /// <param name="replacement">As a voter only if it is a learner that has caught up; else refused.</param>
    /// <param name="expected">Refused unless this is where the configuration in force stands; null: any.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<ChangeOutcome> ReplaceAsync(
        NodeId old, Member replacement, LogIndex? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(replacement);
        ThrowIfLeaving(replacement);
        return ChangeAsync(new MemberEdit.Replace(old, replacement), expected, cancellationToken);
    }

    /// <summary>
    /// Makes this the membership, whatever it takes, in one joint change (Raft §6): any number of members are added,
    /// promoted, demoted, moved and removed at once. Voters that are new must be learners that have caught up.
    /// </summary>
    /// <param name="target">Of this cluster; nobody in it is leaving.</param>
    /// <param name="expected">Refused unless this is where the configuration in force stands: a retry is safe.</param>
    /// <param name="cancellationToken">Abandons the wait, not the change.</param>
    public Task<ChangeOutcome> ChangeMembersAsync(
        Membership target, LogIndex expected, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.ClusterId != _node.ClusterId)
            throw new ArgumentException($"The target is of cluster {target.ClusterId}.", nameof(target));
        if (!target.Outgoing.IsEmpty)
            throw new ArgumentException("The target is itself on the way to another.", nameof(target));
        foreach (var member in target.Members)
            ThrowIfLeaving(member);
        return ChangeAsync(new MemberEdit.Become(target), expected, cancellationToken);
    }

    /// <summary>
    /// Hands leadership to another voter: it is brought up to date, while proposals are rejected as not this leader's,
    /// and then elected at once. Given up after an election timeout.
    /// </summary>
    /// <param name="target">Who is to lead; by default whoever needs least to.</param>
    /// <param name="cancellationToken">Abandons the wait, not the transfer.</param>
    public async Task<TransferOutcome> TransferLeadershipAsync(
        NodeId target = default, CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_node.Loop.TryPostFromOutside(new NodeInput.TransferLeadership(target, done)))
            return new TransferOutcome.Refused(TransferRefusal.Stopping, Leadership.Leader);

        try
        {
            return await done.Task.WaitAsync(_options.RequestTimeout, _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new TransferOutcome.Failed(Leadership.Leader);
        }
    }

    /// <summary>
    /// The configuration in force, then every later one in order, once <see cref="Status"/> shows it; one that was
    /// rolled back is followed by the one before it. Ends when the node stops.
    /// </summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    public IAsyncEnumerable<Membership> WatchMembershipAsync(CancellationToken cancellationToken = default) =>
        _node.Loop.Memberships.WatchAsync(cancellationToken);

    /// <summary>
    /// Takes a snapshot now, beside those taken by <see cref="RaftOptions.SnapshotLogBytes"/>, and cuts the log behind
    /// the one before it; returns the index it stands for.
    /// </summary>
    /// <param name="cancellationToken">Abandons the wait, not the snapshot.</param>
    /// <exception cref="IOException">It could not be written; the log is kept, and it may be tried again.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the node stopped first.</exception>
    /// <exception cref="ObjectDisposedException">The node has stopped.</exception>
    public async Task<LogIndex> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource<LogIndex>(TaskCreationOptions.RunContinuationsAsynchronously);
        ObjectDisposedException.ThrowIf(!_node.Parts.Applier.TryRequestSnapshot(done), this);

        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The current leadership, then every change of it in order; ends when the node stops.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    public IAsyncEnumerable<LeadershipChange> WatchLeadershipAsync(CancellationToken cancellationToken = default) =>
        _node.Loop.Leadership.WatchAsync(cancellationToken);

    /// <summary>
    /// Stops: proposals under way end as unknown, later ones are rejected. Everything that was acknowledged is on disk.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopping, 1) != 0) // pairs with Fail and a second dispose
        {
            await _ended.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await StopAsync().ConfigureAwait(false);
    }

    private static ValueTask<ProposeOutcome> Rejected(RejectReason reason, NodeId leader)
    {
        RaftMetrics.ProposalsRejected.Add(1);
        return ValueTask.FromResult<ProposeOutcome>(new ProposeOutcome.Rejected(reason, leader));
    }

    private static void ThrowIfLeaving(Member member)
    {
        if (member.Suffrage == Suffrage.Leaving)
            throw new ArgumentException($"{member.Id} is leaving, which only the change itself says.", nameof(member));
    }

    private async Task<ChangeOutcome> ChangeAsync(
        MemberEdit edit, LogIndex? expected, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<ChangeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_node.Loop.TryPostFromOutside(new NodeInput.ChangeMembers(edit, expected, done)))
            return new ChangeOutcome.Refused(ChangeRefusal.Stopping, Leadership.Leader);

        try
        {
            return await done.Task.WaitAsync(_options.RequestTimeout, _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new ChangeOutcome.Unknown();
        }
    }

    private void Start()
    {
        _node.Parts.Writer.Start(Fail);
        _node.Parts.Reader.Start(Fail);
        _node.Parts.Applier.Start(Fail);
        _node.Loop.Start(Fail);
    }

    // Called on the thread that failed, at the end of it; the stop goes on elsewhere.
    private void Fail(Exception failure)
    {
        RaftTrace.NodeFailed(_logger, failure);
        if (Interlocked.CompareExchange(ref _failure, failure, null) is not null)
            return;
        if (Interlocked.Exchange(ref _stopping, 1) == 0) // pairs with DisposeAsync
            _ = Task.Run(StopAsync);
    }

    private async Task StopAsync()
    {
        var parts = _node.Parts;
        await _node.Loop.StopAsync().ConfigureAwait(false);
        parts.Keeper.Stop();
        parts.Installer.Dispose();
        await parts.Transport.DisposeAsync().ConfigureAwait(false);
        await parts.Writer.StopAsync().ConfigureAwait(false);
        await parts.Reader.StopAsync().ConfigureAwait(false);
        await parts.Applier.StopAsync().ConfigureAwait(false);
        await _background.EndAsync().ConfigureAwait(false);

        parts.Reads.Close();
        _node.Loop.EndWaits();
        parts.Applier.EndWaits();
        parts.Keeper.Dispose();
        parts.Log.Dispose();
        RaftTrace.NodeStopped(_logger);
        if (_failure is null)
            _ended.SetResult();
        else
            _ended.SetException(_failure);
    }
}
