using System.Collections.Immutable;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// On the leader, sees to it that every shard has an owner that is up. It looks when something changed, and often
/// enough to notice silence, which is no event. Each look is one <see cref="StepAsync"/>; nothing else acts.
/// </summary>
internal sealed class ShardAssigner
{
    private const int StepsInOwnerTimeout = 8;
    private static readonly TimeSpan LeastRetry = TimeSpan.FromMilliseconds(10);

    private readonly IRaftAccess _raft;
    private readonly ITaskReader _state;
    private readonly MemberDirectory _members;
    private readonly SelfStatus _self;
    private readonly PeerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly PeersTrace _trace;
    private readonly TimeSpan _interval;
    private readonly Backoff _retry;
    private readonly LagWatch _lag;
    private readonly EndingSessions _ending;

    /// <summary>The term in which a barrier has shown that the table read here is the newest; default before.</summary>
    private Term _currentIn;

    /// <summary>When the last look of this leadership began or ended; 0 where there was none.</summary>
    private long _lastSeen;

    public ShardAssigner(
        IRaftAccess raft,
        ITaskReader state,
        MemberDirectory members,
        SelfStatus self,
        PeerOptions options,
        TimeProvider timeProvider,
        Random random,
        PeersTrace trace)
    {
        _raft = raft;
        _state = state;
        _members = members;
        _self = self;
        _options = options;
        _timeProvider = timeProvider;
        _trace = trace;
        _interval = options.OwnerTimeout / StepsInOwnerTimeout;
        _retry = new Backoff(LeastRetry, _interval, random);
        _lag = new LagWatch(options.OwnerTimeout, timeProvider);
        _ending = new EndingSessions(members, self, _lag);
    }

    /// <param name="woken">Set when something else than leadership or members changed that a plan depends on.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(Pulse woken, CancellationToken stopping)
    {
        _raft.Changed += woken.Set;
        _members.Changed += woken.Set;
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var next = woken.Next;
                var wait = await StepAsync(stopping);
                await Pulse.WaitAsync(next, wait, _timeProvider, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            _raft.Changed -= woken.Set;
            _members.Changed -= woken.Set;
        }
    }

    /// <summary>Brings the table up to date, if this node leads. Returns when to look again at the latest.</summary>
    public async Task<TimeSpan> StepAsync(CancellationToken cancellationToken)
    {
        if (!_raft.IsLeader)
        {
            _currentIn = default;
            _lastSeen = 0;
            _lag.Forget();
            _ending.Forget();
            return Timeout.InfiniteTimeSpan;
        }

        NoticeOwnAbsence();
        try
        {
            return await LookAsync(cancellationToken);
        }
        finally
        {
            NoticeOwnAbsence();
        }
    }

    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var term = _raft.Term;
        if (_currentIn != term)
        {
            if (!await ReadBarrierAsync(cancellationToken))
                return _retry.Next();
            _currentIn = term;
            _lag.Forget();
            _ending.Forget();
        }

        var table = _state.Ownership;
        var owners = table.Sessions;
        JudgeLag(owners);
        var changes = AssignmentPlan.Compute(owners.AsSpan(), LiveSessions(owners));
        var ending = _ending.Compute(table, changes, _raft.Membership);
        var isAsItIs = changes.Count == 0 && ending.SequenceEqual(table.Ending);
        if (!isAsItIs && !await ProposeAsync(table.Epoch, changes, ending, cancellationToken))
            return _retry.Next();

        _retry.Reset();
        return _interval;
    }

    /// <summary>
    /// Who may own shards: voters that were heard lately, are not draining and do not lag. One that was not heard yet,
    /// but not for so long as to be silent, counts as the session it had, so that a new leader moves none before it
    /// heard all. Nor is one silent whose claims still come through the log: by them it may still send.
    /// </summary>
    private List<OwnerSession> LiveSessions(ImmutableArray<OwnerSession> owners)
    {
        List<OwnerSession> live = [];
        var membership = _raft.Membership;
        foreach (var id in membership.Voters)
        {
            var session = OwnerSession.None;
            if (_members.IsDeparting(id))
                continue;

            if (id == _raft.Self)
                session = _self.Draining ? OwnerSession.None : _self.Session;
            else if (!_members.IsSilent(id))
                session = SessionOf(id, owners);
            else if (OwnerAt(id, owners) is { IsNone: false } owner && _members.HasClaimedLately(owner))
                session = owner;
            if (!session.IsNone)
                live.Add(session);
        }

        return live;
    }

    /// <summary>Who is silent is judged by that, and what he said before is old.</summary>
    private void JudgeLag(ImmutableArray<OwnerSession> owners)
    {
        var membership = _raft.Membership;
        var applied = _raft.Applied;
        _lag.Mark(applied);
        _lag.KeepOnly(membership);
        foreach (var id in membership.Voters)
        {
            if (id == _raft.Self || _members.IsSilent(id) || _members.Find(id) is not { } status)
                continue;

            var isActive = status.Busy || _members.HasClaimedLately(status.Session);
            if (!_lag.Judge(status, !OwnerAt(id, owners).IsNone, isActive))
                continue;
            if (_lag.IsLagging(id))
                _trace.MemberLags(id, status.Address, status.AppliedIndex, applied);
            else
                _trace.MemberIsLevel(id, status.Address, status.AppliedIndex);
        }
    }

    private OwnerSession SessionOf(NodeId id, ImmutableArray<OwnerSession> owners)
    {
        var owner = OwnerAt(id, owners);
        if (_members.Find(id) is not { } status)
            return owner;

        // One that owns nothing is given something only if it was heard, not for want of time to hear it.
        var isThere = !owner.IsNone || _members.WasHeardLately(id);
        return isThere && !status.Draining && !_lag.IsLagging(id) ? status.Session : OwnerSession.None;
    }

    private static OwnerSession OwnerAt(NodeId id, ImmutableArray<OwnerSession> owners) =>
        owners.FirstOrDefault(owner => owner.Node == id);

    /// <summary>
    /// A process that stood still for a while (paused, or its machine was) heard nobody, and must not take everybody
    /// for silent: what they said meanwhile may still lie unread.
    /// </summary>
    private void NoticeOwnAbsence()
    {
        var now = _timeProvider.GetTimestamp();
        if (_lastSeen != 0 && _timeProvider.GetElapsedTime(_lastSeen, now) > _options.OwnerTimeout / 2)
            _members.ListenAnew();
        _lastSeen = now;
    }

    private async Task<bool> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.RequestTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await _raft.ReadBarrierAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> ProposeAsync(
        long epoch,
        IReadOnlyList<AssignmentChange> changes,
        OwnerSession[] ending,
        CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.RequestTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        ProposeOutcome outcome;
        try
        {
            outcome = await _raft.ProposeAsync(Encode(epoch, changes, ending), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            outcome = ForwardedOutcomes.Unknown;
        }

        if (outcome is ProposeOutcome.Applied { Result.Code: 0 })
        {
            foreach (var change in changes)
                _trace.ShardsAssigned(change.Shards.Count, change.Owner.Node, change.Owner.Incarnation, epoch + 1);
            return true;
        }

        // Stale, overloaded, or in doubt: the next look starts from the table as it then is.
        _trace.AssignmentNotApplied(epoch, outcome);
        return false;
    }

    private static byte[] Encode(long epoch, IReadOnlyList<AssignmentChange> changes, OwnerSession[] ending)
    {
        var assign = new AssignShards { ExpectedEpoch = epoch };
        assign.Ending.Add(ending.Select(SessionMessage.Of));
        foreach (var change in changes)
        {
            var assignment = new Assignment
            {
                Session = SessionMessage.Of(change.Owner),
            };
            assignment.Shards.AddRange(change.Shards.Select(shard => shard.Value));
            assign.Assignments.Add(assignment);
        }

        return new TaskCommand { Assign = assign }.ToByteArray();
    }
}
