using XCron.Raft.Core;

namespace XCron.Raft.Runtime;

/// <summary>
/// Changes of the members and transfers of leadership that were begun here and have no outcome yet. Owned by the loop,
/// which lets it look after every turn. Few: the core takes one change and one target at a time.
/// </summary>
internal sealed class OpenChanges(RaftCore core, long patienceMs)
{
    private static readonly ChangeOutcome UnknownOutcome = new ChangeOutcome.Unknown();

    private readonly List<Change> _changes = [];
    private readonly List<Transfer> _transfers = [];

    public void Begin(NodeInput.ChangeMembers asked, bool diskFull)
    {
        var admission = diskFull
            ? ChangeAdmission.Refused(ChangeRefusal.DiskFull)
            : core.ChangeMembers(asked.Edit, asked.Expected);
        if (admission.Accepted)
            _changes.Add(new Change(admission.Index, admission.Term, asked.Done));
        else
            asked.Done.TrySetResult(new ChangeOutcome.Refused(admission.Reason, core.Leader));
    }

    public void Begin(NodeInput.TransferLeadership asked, long nowMs)
    {
        if (core.TransferLeadership(asked.Target) is { } refusal)
            asked.Done.TrySetResult(new TransferOutcome.Refused(refusal, core.Leader));
        else
            _transfers.Add(new Transfer(core.TransferTarget, core.Term, nowMs + patienceMs, asked.Done));
    }

    /// <summary>Gives every change that has ended its outcome.</summary>
    public void Look(long nowMs)
    {
        for (var i = _changes.Count - 1; i >= 0; i--)
        {
            if (OutcomeOf(_changes[i]) is not { } outcome)
                continue;

            _changes[i].Done.TrySetResult(outcome);
            _changes.RemoveAt(i);
        }

        for (var i = _transfers.Count - 1; i >= 0; i--)
        {
            if (OutcomeOf(_transfers[i], nowMs) is not { } outcome)
                continue;

            _transfers[i].Done.TrySetResult(outcome);
            _transfers.RemoveAt(i);
        }
    }

    public void EndAll()
    {
        foreach (var change in _changes)
            change.Done.TrySetResult(UnknownOutcome);
        foreach (var transfer in _transfers)
            transfer.Done.TrySetResult(new TransferOutcome.Failed(NodeId.None));
        _changes.Clear();
        _transfers.Clear();
    }

    private ChangeOutcome? OutcomeOf(Change change)
    {
        // Compacted away it was committed, and while this node leads on nothing of its log is replaced.
        var log = core.Log;
        var leadsOn = core.Role.Kind == RaftRole.Leader && core.Term == change.Term;
        if (!leadsOn && !log.View.Matches(change.Index, change.Term))
            return UnknownOutcome;

        var isComplete = core.Membership.Outgoing.IsEmpty
            && log.MembershipIndex >= change.Index && log.MembershipIndex <= log.Commit;
        if (isComplete)
            return new ChangeOutcome.Changed(log.MembershipIndex, core.Membership);

        return leadsOn ? null : UnknownOutcome;
    }

    private TransferOutcome? OutcomeOf(Transfer transfer, long nowMs)
    {
        if (core.Leader == transfer.Target)
            return new TransferOutcome.Transferred(core.Leader, core.Term);

        // While nobody is known to lead, the target may be on its way to it.
        var isUnderWay = core.Role.Kind == RaftRole.Leader
            ? core.Term == transfer.Term && core.TransferTarget == transfer.Target
            : core.Leader == NodeId.None;
        return isUnderWay && nowMs < transfer.DeadlineMs ? null : new TransferOutcome.Failed(core.Leader);
    }

    private readonly record struct Change(LogIndex Index, Term Term, TaskCompletionSource<ChangeOutcome> Done);

    private readonly record struct Transfer(
        NodeId Target, Term Term, long DeadlineMs, TaskCompletionSource<TransferOutcome> Done);
}
