using Microsoft.Extensions.Logging;
using XCron.Raft.Core;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>
/// Builds a node from what is on its disk: recovers, restores the state machine, and joins the stations. It starts no
/// thread, so that a simulation can build the same node and turn its stations itself.
/// </summary>
internal sealed class NodeAssembly : IRaftTransportHost
{
    // A cluster is formed in this term, and nobody leads it. Whoever heard a leader had its term on disk before it
    // answered: a node that is still in this one has promised nothing, and a new cluster need not wait for it.
    private static readonly Term FormationTerm = new(1);

    private readonly ILogger _logger;

    // A node that has just joined reads the log from its beginning, before the epoch that it was told of.
    private readonly long _leastEpoch;

    private NodeAssembly(LogIdentity identity, long leastEpoch, ILogger logger, LoopClock clock)
    {
        Self = identity.Node;
        ClusterId = identity.ClusterId;
        _leastEpoch = leastEpoch;
        _logger = logger;
        Clock = clock;
    }

    public NodeId Self { get; }

    public Guid ClusterId { get; }

    public long Epoch => Math.Max(_leastEpoch, Loop.Status.Current.Membership.Epoch);

    public LoopClock Clock { get; }

    public ProposalPool Proposals { get; } = new();

    public NodeParts Parts { get; private set; } = null!; // set by BuildAsync before anybody sees the node

    public NodeLoop Loop { get; private set; } = null!; // set by BuildAsync before anybody sees the node

    /// <summary>
    /// <c>initial</c> is the configuration that the log begins with, or, for a node that is not in it, the one that it
    /// was told and joins; <c>inBackground</c> runs and keeps the writing of
    /// a snapshot, which a simulation does when it likes.
    /// </summary>
    public static async ValueTask<NodeAssembly> BuildAsync(
        IDisk disk,
        Membership initial,
        NodeId self,
        RaftOptions options,
        IStateMachine stateMachine,
        IRaftTransport transport,
        Action<Func<Task>> inBackground,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var identity = new LogIdentity(initial.ClusterId, self);
        var node = new NodeAssembly(identity, initial.Epoch, logger, new LoopClock(options.TimeProvider));
        var store = new SnapshotStore(disk, identity);
        var snapshot = await RestoreNewestAsync(store, stateMachine, cancellationToken).ConfigureAwait(false);
        var log = OpenLog(disk, identity, options, snapshot, store.Damaged);
        foreach (var damage in store.Damaged)
            RaftTrace.SnapshotDamaged(logger, damage.File, damage.Offset, damage.What);
        var recovered = node.Recover(log, initial, snapshot);
        var core = new RaftCore(CoreOptionsOf(self, options), recovered, new Random(options.Seed), node.Clock.NowMs);

        var pending = new PendingProposals();
        var keeper = new SnapshotKeeper(store, node.Tell, inBackground, options.TimeProvider, logger);
        var start = snapshot is null
            ? (recovered.Told ?? initial, recovered.Told is null ? new LogIndex(1) : LogIndex.Zero)
            : (snapshot.Membership, snapshot.MembershipIndex);
        var trigger = new SnapshotTrigger(options.SnapshotLogBytes, start, keeper.Write);
        var applier = new Applier(
            stateMachine,
            pending,
            trigger,
            mark => RestorePulledAsync(store, stateMachine, mark),
            node.Tell,
            snapshot);
        keeper.TellApplier = applier.TryPost;
        node.Parts = new NodeParts
        {
            Log = log,
            Transport = transport,
            Writer = new LogWriter(log, node.Tell, options.TimeProvider),
            Reader = new EntryReader(log, node.Tell),
            Applier = applier,
            Pending = pending,
            Reads = new ReadBarriers(),
            Installer = new SnapshotInstaller(
                store, transport, node.Tell, applier.TryPost, inBackground, logger),
            Keeper = keeper,
        };
        node.Loop = new NodeLoop(core, node.Parts, node.Clock, options.RequestTimeout, logger);
        transport.Start(node);
        transport.SetPeers([.. core.Membership.Members.Where(member => member.Id != self)]);
        return node;
    }

    public void Deliver(Message message)
    {
        if (!Loop.TryPostFromOutside(new NodeInput.Received(message)))
            RaftMetrics.MessagesDropped.Add(1);
    }

    public void Superseded(long epoch) => Tell(new NodeInput.Superseded(Epoch, epoch));

    public void PeerDisconnected(NodeId peer) => Tell(new NodeInput.PeerDisconnected(peer));

    public SnapshotSource? OpenSnapshot(LogIndex index, Term entryTerm) => Parts.Keeper.Open(index, entryTerm);

    private bool Tell(NodeInput input) => Loop.TryPost(input);

    private RecoveredState Recover(WriteAheadLog log, Membership initial, SnapshotMark? snapshot)
    {
        var recovery = log.Recovery;
        if (recovery.Torn is { } torn)
            RaftTrace.TornTailCut(_logger, torn.File, torn.Offset, torn.Bytes);
        if (recovery.WatermarkUnreadableAt is { } unreadableAt)
            RaftTrace.WatermarkUnreadable(_logger, Watermark.Name, unreadableAt);
        var joins = initial.Find(Self) is null;
        if (snapshot is null && recovery.Entries.Count == 0 && !joins)
        {
            // The same first entry in every log: the configuration the cluster was formed with, committed by agreement.
            var first = new LogEntry(new LogIndex(1), FormationTerm, EntryKind.Configuration, initial.Encode());
            var hardState = new HardState(FormationTerm, NodeId.None);
            log.Append(null, null, [first], hardState, first.Index);
            log.Flush();
            return new RecoveredState(hardState, null, [first], first.Index);
        }

        var lastIndex = recovery.Entries.Count > 0
            ? recovery.Entries[^1].Index
            : snapshot?.Index ?? LogIndex.Zero;
        RaftTrace.Recovered(
            _logger,
            recovery.HardState.Term.Value,
            snapshot?.Index.Value ?? 0,
            lastIndex.Value,
            recovery.Commit.Value);
        return new RecoveredState(recovery.HardState, snapshot, recovery.Entries, recovery.Commit)
        {
            Told = joins && snapshot is null ? initial : null,
            MayHavePromised = recovery.HardState.Term > FormationTerm,
        };
    }

    private static CoreOptions CoreOptionsOf(NodeId self, RaftOptions options) => new()
    {
        Self = self,
        ElectionTimeoutMs = (long)options.ElectionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (long)options.HeartbeatInterval.TotalMilliseconds,
        LeaseReads = options.LeaseReads,
        MaxClockDriftMs = (long)Math.Ceiling(options.MaxClockDrift.TotalMilliseconds),
        MaxUncommittedBytes = options.MaxUncommittedBytes,
        MaxPinnedLogBytes = options.MaxPinnedLogBytes,
        MaxEntryBytes = options.MaxEntryBytes,
        CachedLogBytes = options.CachedLogBytes,
    };

    /// <summary>
    /// The newest snapshot that is whole. Where a newer one is damaged, nothing is lost if the log goes on from the one
    /// before it, which is what it is kept for.
    /// </summary>
    private static async ValueTask<SnapshotMark?> RestoreNewestAsync(
        SnapshotStore store, IStateMachine stateMachine, CancellationToken cancellationToken)
    {
        while (store.Latest is { } newest)
        {
            try
            {
                await RestoreAsync(store, stateMachine, newest, cancellationToken).ConfigureAwait(false);
                return newest;
            }
            catch (LogDamagedException damage)
            {
                store.Distrust(newest, damage);
                if (store.Latest is null)
                    throw; // half of it may have reached the state machine, and only another snapshot replaces that
            }
        }

        return null;
    }

    private static WriteAheadLog OpenLog(
        IDisk disk,
        LogIdentity identity,
        RaftOptions options,
        SnapshotMark? snapshot,
        IReadOnlyList<LogDamagedException> damagedSnapshots)
    {
        try
        {
            return WriteAheadLog.Open(
                disk, identity, new LogOptions { SegmentBytes = options.SegmentBytes }, snapshot);
        }
        catch (LogDamagedException) when (damagedSnapshots.Count > 0)
        {
            // The log does not go on from an older one: it is the snapshot that is missed.
            throw damagedSnapshots[^1];
        }
    }

    private static async ValueTask RestorePulledAsync(
        SnapshotStore store, IStateMachine stateMachine, SnapshotMark mark)
    {
        await RestoreAsync(store, stateMachine, mark, CancellationToken.None).ConfigureAwait(false);
        store.DeleteAllButNewestTwo();
    }

    private static async ValueTask RestoreAsync(
        SnapshotStore store, IStateMachine stateMachine, SnapshotMark mark, CancellationToken cancellationToken)
    {
        var file = store.OpenRead(mark);
        await using (file.ConfigureAwait(false))
            await stateMachine.RestoreAsync(file, cancellationToken).ConfigureAwait(false);
    }
}
