namespace XCron.Raft.Core;

/// <summary>
/// Appends, replicates and commits (Raft §5.3, §5.4), keeps its authority, confirms reads, changes the members (§6) and
/// hands its office over (thesis §3.10).
/// </summary>
internal sealed class Leader : Role
{
    private readonly RaftCore _core;
    private readonly PeerSet _peers;
    private readonly Replication _replication;
    private readonly ReadRounds _reads;
    private readonly DiskResignation _disk;
    private readonly ReadLease _lease;
    private readonly ProposalGate _gate;
    private readonly LogIndex _firstOfTerm;
    private LeadershipTransfer? _transfer;
    private long _nextHeartbeatMs;

    /// <param name="core">Its term is already the one to lead.</param>
    /// <param name="nowMs">Now.</param>
    public Leader(RaftCore core, long nowMs)
    {
        _core = core;
        _reads = new ReadRounds(core.Options.MaxWaitingReads);
        _replication = new Replication(core);
        _peers = new PeerSet(core);
        _disk = new DiskResignation(core);
        _lease = new ReadLease(core);
        _gate = new ProposalGate(core, _peers);
        _firstOfTerm = core.Log.LastIndex.Next;
        _nextHeartbeatMs = nowMs;
        _peers.FollowMembership(nowMs);
    }

    public override RaftRole Kind => RaftRole.Leader;

    public override long DeadlineMs => Math.Min(_nextHeartbeatMs, _transfer?.DeadlineMs ?? long.MaxValue);

    public IReadOnlyCollection<PeerProgress> Peers => _peers.All;

    public NodeId TransferTarget => _transfer?.Target ?? NodeId.None;

    private bool IsJoint => !_core.Membership.Outgoing.IsEmpty;

    private bool IsMembershipCommitted => _core.Log.MembershipIndex <= _core.Log.Commit;

    public ProposeAdmission Propose(EntryKind kind, ReadOnlyMemory<byte> payload, ProposalUrgency urgency = default)
    {
        if (payload.Length > _core.Options.MaxEntryBytes)
            return ProposeAdmission.Refused(RejectReason.TooLarge);
        if (kind == EntryKind.Command && _transfer is not null)
            return ProposeAdmission.Refused(RejectReason.NotLeader);
        if (kind == EntryKind.Command && _gate.Refusal(payload.Length, urgency) is { } reason)
            return ProposeAdmission.Refused(reason);

        var entry = new LogEntry(_core.Log.LastIndex.Next, _core.Term, kind, payload);
        _core.AppendEntry(entry);
        return new ProposeAdmission(true, entry.Index, entry.Term, default);
    }

    public ChangeAdmission ChangeMembers(MemberEdit edit, LogIndex? expected)
    {
        if (_transfer is not null)
            return ChangeAdmission.Refused(ChangeRefusal.Transferring);

        // Before it has committed an entry of its own it may hold a change that nobody will ever commit, and two
        // majorities that need not meet (Ongaro, raft-dev 2015).
        if (_core.Log.Commit < _firstOfTerm)
            return ChangeAdmission.Refused(ChangeRefusal.NotReady);
        if (IsJoint || !IsMembershipCommitted)
            return ChangeAdmission.Refused(ChangeRefusal.InProgress);
        if (expected is { } index && index != _core.Log.MembershipIndex)
            return ChangeAdmission.Refused(ChangeRefusal.WrongConfiguration);

        var current = _core.Membership;
        var (target, refusal) = edit.ApplyTo(current);
        if (target is null)
            return ChangeAdmission.Refused(refusal);
        if (MembershipChange.Refusal(current, target, IsCaughtUp) is { } why)
            return ChangeAdmission.Refused(why);

        var begun = Append(MembershipChange.FirstStep(current, target));
        return new ChangeAdmission(true, begun.Index, begun.Term, default);
    }

    public bool IsCaughtUp(NodeId id) => _peers.IsCaughtUp(id, _core.NowMs);

    public TransferRefusal? Transfer(NodeId target, long nowMs)
    {
        if (_transfer is { } begun)
            return target == NodeId.None || target == begun.Target ? null : TransferRefusal.InProgress;
        if (target == _core.Self)
            return TransferRefusal.AlreadyLeader;
        if (target == NodeId.None)
            target = _peers.BestSuccessor(nowMs);
        if (target == NodeId.None)
            return TransferRefusal.NoTarget;
        if (!_core.Membership.Voters.Contains(target))
            return TransferRefusal.NotVoter;

        BeginTransfer(target, nowMs, stepsDown: false);
        return null;
    }

    public override void Tick(long nowMs)
    {
        if (_transfer is { } transfer && nowMs >= transfer.DeadlineMs)
        {
            _transfer = null;
            if (transfer.StepsDown)
            {
                _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
                return;
            }
        }

        if (nowMs < _nextHeartbeatMs)
            return;

        if (!HearsMajority(nowMs))
        {
            // CheckQuorum (thesis §6.2): cut off, it must not go on believing that it leads.
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
            return;
        }

        _nextHeartbeatMs = nowMs + _core.Options.HeartbeatIntervalMs;
        _peers.DismissDeparted(nowMs);
        foreach (var peer in _peers.All)
        {
            Heartbeat(peer);
            if (peer.State == PeerState.Snapshot)
                _replication.Offer(peer);
        }
    }

    public override void Step(Message message, long nowMs)
    {
        var isLeaders = message is
            Message.AppendRequest or Message.Heartbeat or Message.SnapshotOffer or Message.TimeoutNow;
        Invariant.Require(!isLeaders, "a term has one leader");
        if (!_peers.TryGet(message.From, out var peer))
            return;

        peer.LastContactMs = nowMs;
        switch (message)
        {
            case Message.AppendResponse { Accepted: true } response:
                if (_replication.Accepted(peer, response.Match))
                    Commit();
                break;
            case Message.AppendResponse response:
                _replication.Rejected(peer, response);
                break;
            case Message.HeartbeatResponse response:
                peer.AckedRound = Math.Max(peer.AckedRound, response.Round);
                peer.KnownCommit = LogIndex.Max(peer.KnownCommit, response.Commit);
                (peer.Disk, peer.IsHeldUp) = (response.Disk, response.IsHeldUp);
                peer.Promised(
                    Math.Min(response.SentMs, nowMs), Math.Min(response.PromiseMs, _core.Options.ElectionTimeoutMs));
                _replication.HeartbeatAnswered(peer, nowMs);
                ConfirmReads();
                break;
            case Message.ReadIndexRequest request:
                Add(new ReadRounds.Read(request.From, request.ReadId), nowMs);
                break;
        }
    }

    public override void ReadIndex(long readId, long nowMs) =>
        Add(new ReadRounds.Read(NodeId.None, readId), nowMs);

    public override void OnDurable() => Commit();

    public override void BeforeDrain(long nowMs)
    {
        // Looked at anew whenever something may have been committed, so that a new leader completes what another
        // began, once: behind this the configuration is not joint any more.
        if (IsJoint && IsMembershipCommitted && _core.Log.Commit >= _firstOfTerm && _transfer is null)
            Append(MembershipChange.LastStep(_core.Membership));
        if (_peers.FollowMembership(nowMs))
            ConfirmReads(); // those who answered may be a majority now, and nobody else left to answer
        BeginReads();
        foreach (var peer in _peers.All)
        {
            _replication.SendTo(peer);
            if (peer.State == PeerState.Replicate && peer.CommitSent < LogIndex.Min(_core.Log.Commit, peer.Match))
                Heartbeat(peer);
        }

        ResignIfRemoved(nowMs);
        ResignIfDiskFails(nowMs);
        OrderCampaign(nowMs);
    }

    public override void End()
    {
        foreach (var read in _reads.All)
            Answer(read, null);
    }

    /// <summary>
    /// The first entry that a peer will need once it has the snapshot it is pulling: cutting the log behind it would
    /// make it pull again, for ever. One that is not heard any more holds up nothing; nor do those whose pulls come to
    /// no end before the log has grown to its bound: they begin anew.
    /// </summary>
    public LogIndex FirstNeeded(LogIndex otherwise, long logBytes, long nowMs)
    {
        if (logBytes > _core.Options.MaxPinnedLogBytes)
            return otherwise;

        foreach (var peer in _peers.All)
        {
            var isPulling = peer.State == PeerState.Snapshot
                && nowMs - peer.LastContactMs < _core.Options.ElectionTimeoutMs;
            if (isPulling)
                otherwise = LogIndex.Min(otherwise, peer.OfferedSnapshot.Next);
        }

        return otherwise;
    }

    public void EntriesLoaded(NodeId id, LogIndex from, LogEntry[] entries)
    {
        if (_peers.TryGet(id, out var peer))
            _replication.Loaded(peer, from, entries);
    }

    public void Disconnected(NodeId id)
    {
        if (_peers.TryGet(id, out var peer) && peer.State == PeerState.Replicate)
            peer.BecomeProbe(peer.Match.Next);
    }

    private void Commit()
    {
        var log = _core.Log;
        var index = Quorum.CommittedIndex(_core.Membership, MatchOf);

        // Raft §5.4.2: only entries of the current term are counted; earlier ones are committed along with them.
        if (index <= log.Commit || index < _firstOfTerm)
            return;

        _core.CommitTo(index);
        BeginReads();
    }

    private LogIndex MatchOf(NodeId id)
    {
        if (id == _core.Self)
            return _core.Log.Durable;

        return _peers.TryGet(id, out var peer) ? peer.Match : LogIndex.Zero;
    }

    private bool HearsMajority(long nowMs) => Quorum.IsMajority(
        _core.Membership,
        id => id == _core.Self
            || (_peers.TryGet(id, out var peer) && nowMs - peer.LastContactMs < _core.Options.ElectionTimeoutMs));

    private void Heartbeat(PeerProgress peer)
    {
        // Never past what the peer is known to hold: a heartbeat vouches for nothing else in its log.
        var commit = LogIndex.Min(_core.Log.Commit, peer.Match);
        peer.CommitSent = LogIndex.Max(peer.CommitSent, commit);
        _core.Outbox.Send(new Message.Heartbeat
        {
            From = _core.Self,
            To = peer.Id,
            Term = _core.Term,
            Commit = commit,
            Round = _reads.Round,
            SentMs = _core.NowMs,
        });
    }

    private void Add(ReadRounds.Read read, long nowMs)
    {
        if (_core.Log.Commit >= _firstOfTerm && _lease.IsHeld(_peers, nowMs))
            Answer(read, _core.Log.Commit);
        else if (!_reads.TryAdd(read))
            Answer(read, null);
    }

    private void BeginReads()
    {
        // Before an entry of its own term is committed a leader does not know what is (Raft §8).
        if (_reads.IsAsking || !_reads.HasWaiting || _core.Log.Commit < _firstOfTerm)
            return;

        _reads.Begin(_core.Log.Commit);
        foreach (var peer in _peers.All)
            Heartbeat(peer);
        ConfirmReads();
    }

    private void ConfirmReads()
    {
        if (!_reads.IsAsking || !Quorum.IsMajority(_core.Membership, HasAnswered))
            return;

        var index = _reads.Index;
        foreach (var read in _reads.Confirm())
            Answer(read, index);
        BeginReads();
    }

    private bool HasAnswered(NodeId id) =>
        id == _core.Self || (_peers.TryGet(id, out var peer) && peer.AckedRound >= _reads.Round);

    private void Answer(ReadRounds.Read read, LogIndex? index)
    {
        if (read.From != NodeId.None)
        {
            _core.Outbox.Send(new Message.ReadIndexResponse
            {
                From = _core.Self,
                To = read.From,
                Term = _core.Term,
                ReadId = read.Id,
                Accepted = index is not null,
                Index = index ?? LogIndex.Zero,
            });
        }
        else
        {
            _core.Outbox.Add(
                index is { } known ? new Effect.ReadReady(read.Id, known) : new Effect.ReadFailed(read.Id));
        }
    }

    private ProposeAdmission Append(Membership membership)
    {
        var begun = Propose(EntryKind.Configuration, membership.Encode());
        Invariant.Require(begun.Accepted, "a configuration fits into an entry");
        return begun;
    }

    private void OrderCampaign(long nowMs)
    {
        // With everything committed here, no proposal is left in doubt.
        var log = _core.Log;
        var isReady = _transfer is { } transfer
            && _peers.TryGet(transfer.Target, out var peer)
            && peer.Match == log.LastIndex
            && log.Commit == log.LastIndex
            && transfer.MayOrder(nowMs, _core.Options.HeartbeatIntervalMs);
        if (!isReady)
            return;

        _core.Outbox.Send(new Message.TimeoutNow
        {
            From = _core.Self, To = TransferTarget, Term = _core.Term, LastIndex = log.LastIndex,
        });
    }

    /// <summary>Thesis §4.2.2: a leader that is removed leads, without counting itself, until that is committed.
    /// </summary>
    private void ResignIfRemoved(long nowMs)
    {
        if (_transfer is not null || !IsMembershipCommitted || _core.Membership.IsVoter(_core.Self))
            return;

        var successor = _peers.BestSuccessor(nowMs);
        if (successor == NodeId.None)
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
        else
            BeginTransfer(successor, nowMs, stepsDown: true);
    }

    private void ResignIfDiskFails(long nowMs)
    {
        if (_disk.MustStepDown(nowMs))
        {
            _transfer = null;
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
            return;
        }

        // What is not on this disk is committed by those of the others meanwhile.
        var successor = _transfer is null && _disk.WantsHandOver(nowMs)
            ? _peers.BestSuccessor(nowMs, needsDisk: true)
            : NodeId.None;
        if (successor == NodeId.None)
            return;

        _disk.HandOverBegan(nowMs);
        BeginTransfer(successor, nowMs, stepsDown: false);
    }

    private void BeginTransfer(NodeId target, long nowMs, bool stepsDown)
    {
        _lease.Forfeit();
        _transfer = new LeadershipTransfer(target, nowMs + _core.Options.ElectionTimeoutMs, stepsDown);
    }
}
