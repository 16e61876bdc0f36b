namespace XCron.Raft.Core;

/// <summary>
/// Appends, replicates and commits (Raft §5.3, §5.4), changes the members (§6) and keeps its authority. What it reads
/// and how its office ends are <see cref="LeaderReads"/> and <see cref="Succession"/>.
/// </summary>
internal sealed class Leader : Role
{
    private readonly RaftCore _core;
    private readonly PeerSet _peers;
    private readonly Replication _replication;
    private readonly Heartbeats _heartbeats;
    private readonly LeaderReads _reads;
    private readonly Succession _succession;
    private readonly ProposalGate _gate;
    private readonly LogIndex _firstOfTerm;
    private long _nextHeartbeatMs;

    /// <param name="core">Its term is already the one to lead.</param>
    /// <param name="nowMs">Now.</param>
    public Leader(RaftCore core, long nowMs)
    {
        _core = core;
        _firstOfTerm = core.Log.LastIndex.Next;
        _replication = new Replication(core);
        _peers = new PeerSet(core);
        var rounds = new ReadRounds(core.Options.MaxWaitingReads);
        var lease = new ReadLease(core);
        _heartbeats = new Heartbeats(core, rounds);
        _reads = new LeaderReads(core, _peers, rounds, lease, _heartbeats, _firstOfTerm);
        _succession = new Succession(core, _peers, lease);
        _gate = new ProposalGate(core, _peers);
        _nextHeartbeatMs = nowMs;
        _peers.FollowMembership(nowMs);
    }

    public override RaftRole Kind => RaftRole.Leader;

    public override long DeadlineMs => Math.Min(_nextHeartbeatMs, _succession.DeadlineMs);

    public IReadOnlyCollection<PeerProgress> Peers => _peers.All;

    public NodeId TransferTarget => _succession.Target;

    private bool IsJoint => !_core.Membership.Outgoing.IsEmpty;

    private bool IsMembershipCommitted => _core.Log.MembershipIndex <= _core.Log.Commit;

    public ProposeAdmission Propose(EntryKind kind, ReadOnlyMemory<byte> payload, ProposalUrgency urgency = default)
    {
        if (payload.Length > _core.Options.MaxEntryBytes)
            return ProposeAdmission.Refused(RejectReason.TooLarge);
        if (kind == EntryKind.Command && _succession.IsUnderWay)
            return ProposeAdmission.Refused(RejectReason.NotLeader);
        if (kind == EntryKind.Command && _gate.Refusal(payload.Length, urgency) is { } reason)
            return ProposeAdmission.Refused(reason);

        var entry = new LogEntry(_core.Log.LastIndex.Next, _core.Term, kind, payload);
        _core.AppendEntry(entry);
        return new ProposeAdmission(true, entry.Index, entry.Term, default);
    }

    public ChangeAdmission ChangeMembers(MemberEdit edit, LogIndex? expected)
    {
        if (_succession.IsUnderWay)
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

    public TransferRefusal? Transfer(NodeId target, long nowMs) => _succession.Ask(target, nowMs);

    public override void Tick(long nowMs)
    {
        if (!_succession.LeadsOn(nowMs) || nowMs < _nextHeartbeatMs)
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
            _heartbeats.SendTo(peer);
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
                _reads.Confirm();
                break;
            case Message.ReadIndexRequest request:
                _reads.Add(new ReadRounds.Read(request.From, request.ReadId), nowMs);
                break;
        }
    }

    public override void ReadIndex(long readId, long nowMs) =>
        _reads.Add(new ReadRounds.Read(NodeId.None, readId), nowMs);

    public override void OnDurable() => Commit();

    public override void BeforeDrain(long nowMs)
    {
        // Looked at anew whenever something may have been committed, so that a new leader completes what another
        // began, once: behind this the configuration is not joint any more.
        if (IsJoint && IsMembershipCommitted && _core.Log.Commit >= _firstOfTerm && !_succession.IsUnderWay)
            Append(MembershipChange.LastStep(_core.Membership));
        if (_peers.FollowMembership(nowMs))
            _reads.Confirm(); // those who answered may be a majority now, and nobody else left to answer
        _reads.Begin();
        foreach (var peer in _peers.All)
        {
            _replication.SendTo(peer);
            if (peer.State == PeerState.Replicate && peer.CommitSent < LogIndex.Min(_core.Log.Commit, peer.Match))
                _heartbeats.SendTo(peer);
        }

        _succession.Look(nowMs);
    }

    public override void End() => _reads.End();

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
        _reads.Begin();
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

    private ProposeAdmission Append(Membership membership)
    {
        var begun = Propose(EntryKind.Configuration, membership.Encode());
        Invariant.Require(begun.Accepted, "a configuration fits into an entry");
        return begun;
    }
}
