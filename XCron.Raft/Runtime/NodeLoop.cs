using System.Diagnostics;
using Microsoft.Extensions.Logging;
using XCron.Raft.Core;

namespace XCron.Raft.Runtime;

/// <summary>
/// The only one that touches the core: feeds it what was posted and the time, then carries out its effects. Nothing
/// here waits for a disk, a peer or the application.
/// </summary>
internal sealed class NodeLoop : Station<NodeInput>
{
    private const int Capacity = 1 << 18;

    // Peers and callers may fill most of the inbox, never all of it: what the node's own stations report must get in,
    // for it is said once. They have a few things under way at a time, each.
    private const int OutsideCapacity = Capacity - (1 << 16);

    // Each turn asks for one write at most. Behind so many that the disk has not taken, nothing is let in that might
    // ask for another: peers repeat themselves, and proposals are refused as overloaded.
    private const int MaxWritesWaiting = 1 << 14;
    private const int MaxHeld = 1 << 16;

    private readonly RaftCore _core;
    private readonly NodeParts _parts;
    private readonly LoopClock _clock;
    private readonly ILogger _logger;
    private readonly List<Effect> _effects = [];

    // Messages that wait for a write to be durable, in the order of their writes.
    private readonly Queue<Effect.Send> _held = new();
    private readonly OpenChanges _changes;
    private readonly long _requestTimeoutMs;
    private Membership _membership;
    private readonly DiskWatch _disk;
    private long _durableSequence;
    private bool _isDiskBehind;

    public NodeLoop(RaftCore core, NodeParts parts, LoopClock clock, TimeSpan requestTimeout, ILogger logger)
        : base("loop", Capacity)
    {
        _core = core;
        _parts = parts;
        _clock = clock;
        _logger = logger;
        _requestTimeoutMs = (long)requestTimeout.TotalMilliseconds;
        _membership = core.Membership;
        _changes = new OpenChanges(core, _requestTimeoutMs);
        _disk = new DiskWatch(core.Options.ElectionTimeoutMs);
        Leadership = new ChangeLog<LeadershipChange>(new LeadershipChange(core.Role.Kind, core.Term, core.Leader));
        Memberships = new ChangeLog<Membership>(core.Membership);
        Status = new StatusBoard(core, parts);
    }

    /// <summary>For the simulation, which owns every thread.</summary>
    public RaftCore Core => _core;

    public ChangeLog<LeadershipChange> Leadership { get; }

    /// <summary>The configurations in force; a change shows here once <see cref="Status"/> has it.</summary>
    public ChangeLog<Membership> Memberships { get; }

    public StatusBoard Status { get; }

    public override int SleepMs
    {
        get
        {
            const int ProposalSweepMs = 50;
            var untilTick = Math.Max(0, Math.Min(_core.NextDeadlineMs, DiskDeadlineMs) - _clock.NowMs);
            if (_parts.Pending.Count > 0)
                untilTick = Math.Min(untilTick, ProposalSweepMs);
            return (int)Math.Min(Math.Min(untilTick, Status.RefreshMs), int.MaxValue);
        }
    }

    /// <summary>For what does not come from the node itself. False: too much waits, or the loop has ended.</summary>
    public bool TryPostFromOutside(NodeInput input) => TryPost(input, OutsideCapacity);

    // Once it has been told to the core it is no deadline any more.
    private long DiskDeadlineMs => _core.Disk == DiskHealth.Stalled ? long.MaxValue : _disk.DeadlineMs;

    protected override void Work(List<NodeInput> batch)
    {
        var nowMs = _clock.NowMs;
        _isDiskBehind = _parts.Writer.Waiting >= MaxWritesWaiting;
        _core.Tick(nowMs);
        foreach (var input in batch)
            Take(input, nowMs);
        FollowDisk(nowMs);

        _effects.Clear();
        _core.Drain(_effects);
        var hasNewMembers = FollowMembership(); // before anything is sent to them
        foreach (var effect in _effects)
            CarryOut(effect, nowMs);

        if (_parts.Pending.OldestStartMs < nowMs - _requestTimeoutMs)
            _parts.Pending.GiveUpBefore(nowMs - _requestTimeoutMs);
        _changes.Look(nowMs);
        Status.Refresh(nowMs);
        if (hasNewMembers)
            Memberships.Add(_membership);
    }

    /// <summary>Called once the thread has ended: what was posted and not taken gets its outcome.</summary>
    public void EndWaits()
    {
        var left = new List<NodeInput>();
        TakeRest(ref left);
        foreach (var input in left)
        {
            if (input is Proposal proposal)
                proposal.Complete(new ProposeOutcome.Rejected(RejectReason.Stopping, NodeId.None));
            else if (input is NodeInput.ChangeMembers change)
                change.Done.TrySetResult(new ChangeOutcome.Refused(ChangeRefusal.Stopping, NodeId.None));
            else if (input is NodeInput.TransferLeadership transfer)
                transfer.Done.TrySetResult(new TransferOutcome.Refused(TransferRefusal.Stopping, NodeId.None));
        }

        _changes.EndAll();

        _parts.Pending.GiveUpAfter(LogIndex.Zero);
        _parts.Reads.FailAll();
        Leadership.Close();
        Memberships.Close();
    }

    private void Take(NodeInput input, long nowMs)
    {
        switch (input)
        {
            case Proposal proposal:
                Propose(proposal);
                break;
            case NodeInput.Received when _isDiskBehind:
                RaftMetrics.MessagesDropped.Add(1);
                break;
            case NodeInput.Received received:
                _core.Step(received.Message, nowMs);
                break;
            case NodeInput.Durable durable:
                _durableSequence = durable.Sequence;
                _disk.Answered(durable.Sequence, nowMs);
                _core.OnDurable(durable.Sequence);
                ReleaseHeld();
                break;
            case NodeInput.Applied applied:
                _core.OnApplied(applied.Index);
                break;
            case NodeInput.ReadsWaiting:
                if (_parts.Reads.Ask() is var id and not 0)
                    _core.ReadIndex(id, _clock.NowMs); // readers may have joined since the turn began
                break;
            case NodeInput.SnapshotTaken taken:
                TakeSnapshot(taken.Mark);
                break;
            case NodeInput.SnapshotInstalled installed:
                _core.OnSnapshotInstalled(installed.Mark);
                break;
            case NodeInput.SnapshotFailed failed:
                _core.OnSnapshotFailed(failed.Index);
                break;
            case NodeInput.EntriesLoaded loaded:
                _core.OnEntriesLoaded(loaded.Peer, loaded.From, loaded.Entries);
                break;
            case NodeInput.Superseded superseded:
                throw new ClusterSupersededException(superseded.Ours, superseded.Theirs);
            case NodeInput.PeerDisconnected disconnected:
                _core.OnPeerDisconnected(disconnected.Peer);
                break;
            case NodeInput.ChangeMembers change:
                _changes.Begin(change, _disk.IsFull);
                break;
            case NodeInput.TransferLeadership transfer:
                _changes.Begin(transfer, nowMs);
                break;
            case NodeInput.DiskSpace space:
                _disk.SpaceIs(space.Health, nowMs);
                FollowDisk(nowMs); // before the next proposal
                break;
            default:
                throw new UnreachableException(input.GetType().Name);
        }
    }

    private void Propose(Proposal proposal)
    {
        if (_isDiskBehind)
        {
            Reject(proposal, RejectReason.Overloaded);
            return;
        }

        var admission = _core.Propose(proposal.Payload, proposal.Urgency);
        if (!admission.Accepted)
        {
            Reject(proposal, admission.Reason);
            return;
        }

        proposal.Index = admission.Index;
        proposal.Term = admission.Term;
        _parts.Pending.Add(proposal);
    }

    private void Reject(Proposal proposal, RejectReason reason)
    {
        RaftMetrics.ProposalsRejected.Add(1);
        var successor = _core.TransferTarget;
        var hint = successor == NodeId.None ? _core.Leader : successor;
        proposal.Complete(new ProposeOutcome.Rejected(reason, hint));
    }

    private void CarryOut(Effect effect, long nowMs)
    {
        switch (effect)
        {
            case Effect.Write write:
                _disk.Asked(write.Sequence, nowMs);
                Require(_parts.Writer.TryPost(new LogWriterJob(write, LogIndex.Zero)));
                break;
            case Effect.Send send when send.AfterWrite > _durableSequence && _held.Count >= MaxHeld:
                RaftMetrics.MessagesDropped.Add(1);
                break;
            case Effect.Send send when send.AfterWrite > _durableSequence:
                _held.Enqueue(send);
                break;
            case Effect.Send send:
                _parts.Transport.Send(send.Message);
                break;
            case Effect.Apply apply:
                Require(_parts.Applier.TryPost(new ApplierJob.Apply(apply.Entries)));
                break;
            case Effect.ReadReady ready:
                if (_parts.Reads.Take(ready.ReadId) is { } readers)
                    Require(_parts.Applier.TryPost(new ApplierJob.WaitFor(ready.Index, readers)));
                break;
            case Effect.ReadFailed failed:
                _parts.Reads.Take(failed.ReadId)?.Complete(false);
                break;
            case Effect.InstallSnapshot install:
                _parts.Installer.Install(install);
                break;
            case Effect.LoadEntries load:
                Require(_parts.Reader.TryPost(load));
                break;
            case Effect.RoleChanged changed:
                ChangeRole(changed);
                break;
            default:
                throw new UnreachableException(effect.GetType().Name);
        }
    }

    private bool FollowMembership()
    {
        if (ReferenceEquals(_membership, _core.Membership))
            return false;

        _membership = _core.Membership;
        RaftTrace.MembersChanged(_logger, _core.Log.MembershipIndex.Value, _membership);
        _parts.Transport.SetPeers([.. _membership.Members.Where(member => member.Id != _core.Self)]);
        Status.MustRefresh();
        return true;
    }

    private void ReleaseHeld()
    {
        while (_held.TryPeek(out var send) && send.AfterWrite <= _durableSequence)
        {
            _held.Dequeue();
            var leavesWithNext = _held.TryPeek(out var next) && next.AfterWrite <= _durableSequence;
            if (!leavesWithNext || !next!.Message.Supersedes(send.Message))
                _parts.Transport.Send(send.Message);
        }
    }

    private void TakeSnapshot(SnapshotMark mark)
    {
        // What lies between the last two snapshots stays, for peers that are a little behind.
        var keepFrom = (_core.Log.Snapshot?.Index ?? LogIndex.Zero).Next;
        var first = _core.OnSnapshotTaken(mark, keepFrom, _parts.Log.DurableBytes);
        Require(_parts.Writer.TryPost(new LogWriterJob(null, first)));
    }

    private void ChangeRole(Effect.RoleChanged changed)
    {
        RaftTrace.RoleChanged(_logger, Status.Self, changed.Role, changed.Term.Value, changed.Leader);
        if (changed.Role != RaftRole.Leader)
            _parts.Pending.GiveUpAfter(_core.Log.Commit);
        Leadership.Add(new LeadershipChange(changed.Role, changed.Term, changed.Leader));
        Status.MustRefresh();
    }

    private void FollowDisk(long nowMs)
    {
        var (was, now) = (_core.Disk, _disk.HealthAt(nowMs));
        if (was == now)
            return;

        _core.OnDiskHealth(now);
        Status.MustRefresh();
        if (now == DiskHealth.Full)
            RaftTrace.DiskFull(_logger);
        else if (now == DiskHealth.Low)
            RaftTrace.DiskLow(_logger);
        else if (now == DiskHealth.Stalled)
            RaftTrace.DiskStalled(_logger, _core.Options.ElectionTimeoutMs);
        else if (was is DiskHealth.Low or DiskHealth.Full)
            RaftTrace.DiskHasSpace(_logger);
        else
            RaftTrace.DiskAnswers(_logger);
    }

    private static void Require(bool posted) =>
        Invariant.Require(posted, "a station takes what the core wants done until the loop has ended");
}
