namespace XCron.Raft.Core;

/// <summary>
/// How a leader's office goes to another: because it was asked to (thesis §3.10), because it is no member any more
/// (§4.2.2), or because its disk fails it. Belongs to one leadership.
/// </summary>
internal sealed class Succession(RaftCore core, PeerSet peers, ReadLease lease)
{
    private readonly DiskResignation _disk = new(core);
    private LeadershipTransfer? _transfer;

    /// <summary>No proposal is taken meanwhile: the successor is to have them all.</summary>
    public bool IsUnderWay => _transfer is not null;

    /// <summary>Who is to lead; none where nobody was chosen.</summary>
    public NodeId Target => _transfer?.Target ?? NodeId.None;

    public long DeadlineMs => _transfer?.DeadlineMs ?? long.MaxValue;

    /// <param name="target">Who is to lead; none: whoever is best prepared.</param>
    /// <param name="nowMs">Now.</param>
    /// <returns>Why not, or null.</returns>
    public TransferRefusal? Ask(NodeId target, long nowMs)
    {
        if (_transfer is { } begun)
            return target == NodeId.None || target == begun.Target ? null : TransferRefusal.InProgress;
        if (target == core.Self)
            return TransferRefusal.AlreadyLeader;
        if (target == NodeId.None)
            target = peers.BestSuccessor(nowMs);
        if (target == NodeId.None)
            return TransferRefusal.NoTarget;
        if (!core.Membership.Voters.Contains(target))
            return TransferRefusal.NotVoter;

        Begin(target, nowMs, stepsDown: false);
        return null;
    }

    /// <summary>Gives up a transfer whose time is over.</summary>
    /// <returns>Whether this node leads on.</returns>
    public bool LeadsOn(long nowMs)
    {
        if (_transfer is not { } transfer || nowMs < transfer.DeadlineMs)
            return true;

        _transfer = null;
        if (transfer.StepsDown)
            core.BecomeFollower(core.Term, NodeId.None, nowMs);
        return !transfer.StepsDown;
    }

    /// <summary>To be called whenever something may have changed.</summary>
    public void Look(long nowMs)
    {
        ResignIfRemoved(nowMs);
        ResignIfDiskFails(nowMs);
        OrderCampaign(nowMs);
    }

    /// <summary>A leader that is removed leads, without counting itself, until that is committed.</summary>
    private void ResignIfRemoved(long nowMs)
    {
        var isRemoved = core.Log.MembershipIndex <= core.Log.Commit && !core.Membership.IsVoter(core.Self);
        if (_transfer is not null || !isRemoved)
            return;

        var successor = peers.BestSuccessor(nowMs);
        if (successor == NodeId.None)
            core.BecomeFollower(core.Term, NodeId.None, nowMs);
        else
            Begin(successor, nowMs, stepsDown: true);
    }

    private void ResignIfDiskFails(long nowMs)
    {
        if (_disk.MustStepDown(nowMs))
        {
            _transfer = null;
            core.BecomeFollower(core.Term, NodeId.None, nowMs);
            return;
        }

        // What is not on this disk is committed by those of the others meanwhile.
        var successor = _transfer is null && _disk.WantsHandOver(nowMs)
            ? peers.BestSuccessor(nowMs, needsDisk: true)
            : NodeId.None;
        if (successor == NodeId.None)
            return;

        _disk.HandOverBegan(nowMs);
        Begin(successor, nowMs, stepsDown: false);
    }

    private void OrderCampaign(long nowMs)
    {
        // With everything committed here, no proposal is left in doubt.
        var log = core.Log;
        var isReady = _transfer is { } transfer
            && peers.TryGet(transfer.Target, out var peer)
            && peer.Match == log.LastIndex
            && log.Commit == log.LastIndex
            && transfer.MayOrder(nowMs, core.Options.HeartbeatIntervalMs);
        if (!isReady)
            return;

        core.Outbox.Send(new Message.TimeoutNow
        {
            From = core.Self, To = Target, Term = core.Term, LastIndex = log.LastIndex,
        });
    }

    private void Begin(NodeId target, long nowMs, bool stepsDown)
    {
        lease.Forfeit();
        _transfer = new LeadershipTransfer(target, nowMs + core.Options.ElectionTimeoutMs, stepsDown);
    }
}
