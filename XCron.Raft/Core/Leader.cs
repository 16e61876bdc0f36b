namespace XCron.Raft.Core;

/// <summary>Appends, replicates and commits (Raft §5.3, §5.4), keeps its authority, and confirms reads.</summary>
internal sealed class Leader : Role
{
    private readonly RaftCore _core;
    private readonly Dictionary<NodeId, PeerProgress> _peers = [];
    private readonly Replication _replication;
    private readonly ReadRounds _reads;
    private readonly LogIndex _firstOfTerm;
    private Membership _membership;
    private long _nextHeartbeatMs;

    /// <param name="core">Its term is already the one to lead.</param>
    /// <param name="nowMs">Now.</param>
    public Leader(RaftCore core, long nowMs)
    {
        _core = core;
        _reads = new ReadRounds(core.Options.MaxWaitingReads);
        _replication = new Replication(core);
        _membership = core.Membership;
        _firstOfTerm = core.Log.LastIndex.Next;
        _nextHeartbeatMs = nowMs;
        FollowMembership(nowMs);
    }

    public override RaftRole Kind => RaftRole.Leader;

    public override long DeadlineMs => _nextHeartbeatMs;

    public IReadOnlyCollection<PeerProgress> Peers => _peers.Values;

    public ProposeAdmission Propose(EntryKind kind, ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > _core.Options.MaxEntryBytes)
            return ProposeAdmission.Refused(RejectReason.TooLarge);
        var waiting = _core.Log.UnsettledBytes;
        if (kind == EntryKind.Command && waiting > 0 && waiting + payload.Length > _core.Options.MaxUncommittedBytes)
            return ProposeAdmission.Refused(RejectReason.Overloaded);

        var entry = new LogEntry(_core.Log.LastIndex.Next, _core.Term, kind, payload);
        _core.AppendEntry(entry);
        return new ProposeAdmission(true, entry.Index, entry.Term, default);
    }

    public override void Tick(long nowMs)
    {
        if (nowMs < _nextHeartbeatMs)
            return;

        if (!HearsMajority(nowMs))
        {
            // CheckQuorum (thesis §6.2): cut off, it must not go on believing that it leads.
            _core.BecomeFollower(_core.Term, NodeId.None, nowMs);
            return;
        }

        _nextHeartbeatMs = nowMs + _core.Options.HeartbeatIntervalMs;
        foreach (var peer in _peers.Values)
        {
            Heartbeat(peer);
            if (peer.State == PeerState.Snapshot)
                _replication.Offer(peer);
        }
    }

    public override void Step(Message message, long nowMs)
    {
        var isLeaders = message is Message.AppendRequest or Message.Heartbeat or Message.SnapshotOffer;
        Invariant.Require(!isLeaders, "a term has one leader");
        if (!_peers.TryGetValue(message.From, out var peer))
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
                _replication.HeartbeatAnswered(peer, nowMs);
                ConfirmReads();
                break;
            case Message.ReadIndexRequest request:
                Add(new ReadRounds.Read(request.From, request.ReadId));
                break;
        }
    }

    public override void ReadIndex(long readId, long nowMs) => Add(new ReadRounds.Read(NodeId.None, readId));

    public override void OnDurable() => Commit();

    public override void BeforeDrain(long nowMs)
    {
        FollowMembership(nowMs);
        BeginReads();
        foreach (var peer in _peers.Values)
        {
            _replication.SendTo(peer);
            if (peer.State == PeerState.Replicate && peer.CommitSent < LogIndex.Min(_core.Log.Commit, peer.Match))
                Heartbeat(peer);
        }
    }

    public override void End()
    {
        foreach (var read in _reads.All)
            Answer(read, null);
    }

    /// <summary>
    /// The first entry that a peer will need once it has the snapshot it is pulling: cutting the log behind it would
    /// make it pull again, for ever. One that is not heard any more holds up nothing.
    /// </summary>
    public LogIndex FirstNeeded(LogIndex otherwise, long nowMs)
    {
        foreach (var peer in _peers.Values)
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
        if (_peers.TryGetValue(id, out var peer))
            _replication.Loaded(peer, from, entries);
    }

    public void Disconnected(NodeId id)
    {
        if (_peers.TryGetValue(id, out var peer) && peer.State == PeerState.Replicate)
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

        return _peers.TryGetValue(id, out var peer) ? peer.Match : LogIndex.Zero;
    }

    private bool HearsMajority(long nowMs) => Quorum.IsMajority(
        _core.Membership,
        id => id == _core.Self
            || (_peers.TryGetValue(id, out var peer) && nowMs - peer.LastContactMs < _core.Options.ElectionTimeoutMs));

    private void Heartbeat(PeerProgress peer)
    {
        // Never past what the peer is known to hold: a heartbeat vouches for nothing else in its log.
        var commit = LogIndex.Min(_core.Log.Commit, peer.Match);
        peer.CommitSent = LogIndex.Max(peer.CommitSent, commit);
        _core.Outbox.Send(new Message.Heartbeat
        {
            From = _core.Self, To = peer.Id, Term = _core.Term, Commit = commit, Round = _reads.Round,
        });
    }

    private void Add(ReadRounds.Read read)
    {
        if (!_reads.TryAdd(read))
            Answer(read, null);
    }

    private void BeginReads()
    {
        // Before an entry of its own term is committed a leader does not know what is (Raft §8).
        if (_reads.IsAsking || !_reads.HasWaiting || _core.Log.Commit < _firstOfTerm)
            return;

        _reads.Begin(_core.Log.Commit);
        foreach (var peer in _peers.Values)
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
        id == _core.Self || (_peers.TryGetValue(id, out var peer) && peer.AckedRound >= _reads.Round);

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

    private void FollowMembership(long nowMs)
    {
        if (_peers.Count > 0 && ReferenceEquals(_membership, _core.Membership))
            return;

        _membership = _core.Membership;
        foreach (var member in _membership.Members)
        {
            if (member.Id != _core.Self && !_peers.ContainsKey(member.Id))
                _peers.Add(member.Id, new PeerProgress(member.Id, _core.Log.LastIndex.Next, nowMs));
        }
    }
}
