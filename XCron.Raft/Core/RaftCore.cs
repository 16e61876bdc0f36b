namespace XCron.Raft.Core;

/// <summary>
/// Raft as a pure function of its inputs: no clock, thread, I/O or logging. Time comes in milliseconds with each input;
/// what is to be done goes out by <see cref="Drain"/>. Owned by one thread.
/// </summary>
internal sealed class RaftCore
{
    private readonly Voting _voting;
    private HardState _hardState;
    private bool _hardStateChanged;
    private long _hardStateSequence;
    private (RaftRole Role, Term Term, NodeId Leader) _told;

    public RaftCore(CoreOptions options, RecoveredState recovered, Random random, long nowMs)
    {
        Options = options;
        Random = random;
        NowMs = nowMs;
        Log = new ReplicaLog(options, recovered);
        Clock = new ElectionClock(options.ElectionTimeoutMs, random);
        _voting = new Voting(this);
        _hardState = recovered.HardState;

        // A snapshot that was pulled may reach the disk before the term in which it was offered. It is as if that term
        // were heard of now; a vote of it was never given, for that would be on disk.
        if (recovered.Snapshot is { } snapshot && recovered.Entries.Count == 0 && snapshot.Term > Term)
            SetHardState(new HardState(snapshot.Term, NodeId.None));
        Invariant.Require(Log.View.LastTerm <= Term, "the log holds no entry of a later term than the node's own");
        Role = new Follower(this);
        RestartClock(nowMs);
        if (recovered.MayHavePromised)
            Clock.Promise(nowMs); // up to now, and a leader may count on it
        _told = (RaftRole.Follower, Term, NodeId.None);
    }

    public CoreOptions Options { get; }

    public Random Random { get; }

    public ReplicaLog Log { get; }

    public ElectionClock Clock { get; }

    public Outbox Outbox { get; } = new();

    public Role Role { get; private set; }

    /// <summary>The time of the latest input.</summary>
    public long NowMs { get; private set; }

    public NodeId Self => Options.Self;

    public Term Term => _hardState.Term;

    public NodeId Vote => _hardState.Vote;

    public NodeId Leader { get; private set; }

    public Membership Membership => Log.Membership;

    public IReadOnlyCollection<PeerProgress> Peers => Role is Leader leader ? leader.Peers : [];

    /// <summary>Whom leadership is being handed to; <see cref="NodeId.None"/> for nobody.</summary>
    public NodeId TransferTarget => Role is Leader leader ? leader.TransferTarget : NodeId.None;

    /// <summary>What was last said of this node's disk.</summary>
    public DiskHealth Disk { get; private set; }

    /// <summary>When <see cref="Tick"/> has something to do, if nothing comes in before.</summary>
    public long NextDeadlineMs => Role.DeadlineMs;

    /// <summary>
    /// Learners and nodes that were removed wait; they do not campaign. Until the removal is committed the node may be
    /// the only one that can be elected, as its log may be the longest (thesis §4.2.2). One whose disk stands could not
    /// even vote for itself.
    /// </summary>
    public bool CanCampaign => Log.MayBeNeeded(Self) && Disk != DiskHealth.Stalled;

    /// <summary>Whether the term and vote are on disk.</summary>
    public bool IsHardStateDurable => !_hardStateChanged && _hardStateSequence <= Log.DurableSequence;

    public void Tick(long nowMs)
    {
        NowMs = nowMs;
        Role.Tick(nowMs);
    }

    public void Step(Message message, long nowMs)
    {
        NowMs = nowMs;
        if (message.To != Self)
            return;

        if (message is Message.VoteRequest { PreVote: true } preVote)
        {
            _voting.AnswerPreVote(preVote, nowMs);
            return;
        }

        if (message is Message.VoteResponse { PreVote: true, Granted: true })
        {
            // Carries the term that would be campaigned in, which is nobody's yet.
            if (message.Term == Term.Next)
                Role.Step(message, nowMs);
            return;
        }

        if (message.Term < Term)
        {
            AnswerStale(message);
            return;
        }

        if (message.Term > Term && !Adopt(message, nowMs))
            return;

        if (message is Message.VoteRequest request)
            _voting.AnswerVote(request, nowMs);
        else
            Role.Step(message, nowMs);
    }

    public ProposeAdmission Propose(ReadOnlyMemory<byte> payload, ProposalUrgency urgency = default) =>
        Role is Leader leader
        ? leader.Propose(EntryKind.Command, payload, urgency)
        : ProposeAdmission.Refused(RejectReason.NotLeader);

    /// <summary>
    /// Begins a change of the members, if the configuration in force is the expected one (null: whichever it is). The
    /// leader completes it by itself.
    /// </summary>
    public ChangeAdmission ChangeMembers(MemberEdit edit, LogIndex? expected) => Role is Leader leader
        ? leader.ChangeMembers(edit, expected)
        : ChangeAdmission.Refused(ChangeRefusal.NotLeader);

    /// <inheritdoc cref="ChangeMembers(MemberEdit, LogIndex?)"/>
    public ChangeAdmission ChangeMembers(Membership target, LogIndex expected) =>
        ChangeMembers(new MemberEdit.Become(target), expected);

    /// <summary>Whether a peer of this leader follows so closely that it may be given a vote.</summary>
    public bool IsCaughtUp(NodeId id) => Role is Leader leader && leader.IsCaughtUp(id);

    /// <summary>What this follower pulls from its leader, or restores; 0: nothing.</summary>
    public LogIndex InstallingSnapshot => Role is Follower follower ? follower.Installing : LogIndex.Zero;

    /// <param name="target"><see cref="NodeId.None"/> for whoever needs least to lead.</param>
    /// <returns>Why not, or null: then <see cref="TransferTarget"/> is set until it has ended either way.</returns>
    public TransferRefusal? TransferLeadership(NodeId target) =>
        Role is Leader leader ? leader.Transfer(target, NowMs) : TransferRefusal.NotLeader;

    /// <summary>Ends in a ReadReady or a ReadFailed with the same number.</summary>
    /// <param name="readId">The asker's number.</param>
    /// <param name="nowMs">Read from the clock after every reader had arrived: a lease that held before says nothing
    /// of what was acknowledged since.</param>
    public void ReadIndex(long readId, long nowMs)
    {
        NowMs = nowMs;
        Role.ReadIndex(readId, nowMs);
    }

    public void OnDurable(long writeSequence)
    {
        Log.ConfirmWrite(writeSequence);
        Role.OnDurable();
    }

    /// <summary>Told by whoever watches the disk; a stall is one that lasts an election timeout.</summary>
    public void OnDiskHealth(DiskHealth health) => Disk = health;

    public void OnApplied(LogIndex index) => Log.ConfirmApplied(index);

    /// <param name="snapshot">On disk; the log before <paramref name="keepFrom"/> may be cut.</param>
    /// <param name="keepFrom">What the caller would like to keep.</param>
    /// <param name="logBytes">How much the log takes on disk.</param>
    /// <returns>Where the log begins from now on; on disk it is to be cut there too.</returns>
    public LogIndex OnSnapshotTaken(SnapshotMark snapshot, LogIndex keepFrom, long logBytes = 0)
    {
        var needed = Role is Leader leader ? leader.FirstNeeded(keepFrom, logBytes, NowMs) : keepFrom;
        Log.SnapshotTaken(snapshot, needed);
        return Log.View.FirstIndex;
    }

    public void OnSnapshotInstalled(SnapshotMark snapshot)
    {
        var isNews = Log.InstallSnapshot(snapshot);
        if (Role is Follower follower)
            follower.SnapshotInstalled(snapshot);
        else if (Role is Candidate && isNews)
            BecomeFollower(Term, NodeId.None, NowMs); // it campaigned with another log, perhaps other members
    }

    public void OnSnapshotFailed(LogIndex index)
    {
        if (Role is Follower follower)
            follower.SnapshotFailed(index);
    }

    public void OnEntriesLoaded(NodeId peer, LogIndex from, LogEntry[] entries) =>
        (Role as Leader)?.EntriesLoaded(peer, from, entries);

    public void OnPeerDisconnected(NodeId peer) => (Role as Leader)?.Disconnected(peer);

    /// <summary>
    /// Moves out what is to be done: the write first, then sends and the rest in order, applies last.
    /// </summary>
    public void Drain(List<Effect> into)
    {
        Role.BeforeDrain(NowMs);
        if (_told != (Role.Kind, Term, Leader))
        {
            _told = (Role.Kind, Term, Leader);
            into.Add(new Effect.RoleChanged(Role.Kind, Term, Leader));
        }

        if (Log.TakeWrite(_hardStateChanged ? _hardState : null) is { } write)
        {
            into.Add(write);
            if (_hardStateChanged)
                _hardStateSequence = write.Sequence;
            _hardStateChanged = false;
        }

        Outbox.Drain(Log.PendingSequence, IsHardStateDurable ? 0 : _hardStateSequence, into);
        while (Log.TakeApply() is { } apply)
            into.Add(apply);
    }

    public void SetLeader(NodeId leader) => Leader = leader;

    public void VoteFor(NodeId candidate)
    {
        Invariant.Require(Vote == NodeId.None || Vote == candidate, "one vote a term");
        if (Vote != candidate)
            SetHardState(_hardState with { Vote = candidate });
    }

    public void AppendEntry(LogEntry entry) => Log.Append(entry);

    public void TruncateFrom(LogIndex index) => Log.TruncateFrom(index);

    public void CommitTo(LogIndex index) => Log.CommitTo(index);

    public void BecomeFollower(Term term, NodeId leader, long nowMs)
    {
        Invariant.Require(term >= Term, "terms only rise");
        if (term > Term)
            SetHardState(new HardState(term, NodeId.None));
        ChangeRole(new Follower(this), leader);
        RestartClock(nowMs);
    }

    public void BecomePreCandidate(long nowMs)
    {
        var candidate = new Candidate(this, isPreVote: true);
        ChangeRole(candidate, NodeId.None);
        Clock.Restart(nowMs);
        candidate.Campaign(nowMs);
    }

    public void BecomeCandidate(long nowMs, bool isTransfer = false)
    {
        SetHardState(new HardState(Term.Next, Self));
        var candidate = new Candidate(this, isPreVote: false, isTransfer);
        ChangeRole(candidate, NodeId.None);
        Clock.Restart(nowMs);
        candidate.Campaign(nowMs);
    }

    public void BecomeLeader(long nowMs)
    {
        var leader = new Leader(this, nowMs);
        ChangeRole(leader, Self);

        // Raft §8: an entry of its own term, so that it learns what is committed.
        leader.Propose(EntryKind.NoOp, default);
    }

    private void ChangeRole(Role next, NodeId leader)
    {
        Role.End();
        Role = next;
        Leader = leader;
    }

    /// <returns>False where the message is to be ignored, its term with it.</returns>
    private bool Adopt(Message message, long nowMs)
    {
        if (message is Message.VoteRequest request && _voting.IsDisruptive(request, nowMs))
            return false;

        var isLeaders = message is
            Message.AppendRequest or Message.Heartbeat or Message.SnapshotOffer or Message.TimeoutNow;
        BecomeFollower(message.Term, isLeaders ? message.From : NodeId.None, nowMs);
        return true;
    }

    /// <summary>Tells one that lags behind the newer term; answers to older terms are dropped.</summary>
    private void AnswerStale(Message message)
    {
        switch (message)
        {
            case Message.AppendRequest or Message.Heartbeat or Message.SnapshotOffer:
                Outbox.SendWhenDurable(new Message.AppendResponse
                {
                    From = Self, To = message.From, Term = Term, Accepted = false,
                });
                break;
            case Message.VoteRequest:
                Outbox.SendWhenDurable(new Message.VoteResponse
                {
                    From = Self, To = message.From, Term = Term, PreVote = false, Granted = false,
                });
                break;
        }
    }

    private void SetHardState(HardState next)
    {
        _hardState = next;
        _hardStateChanged = true;
    }

    private void RestartClock(long nowMs)
    {
        Clock.Restart(nowMs);
        if (Membership.Voters is [var only] && only == Self && Membership.Outgoing.IsEmpty)
            Clock.Expire(nowMs);
    }
}
