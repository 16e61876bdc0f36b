namespace XCron.Raft.Tests.Simulation;

/// <summary>What can be said of a simulated cluster by one who sees all of it at once.</summary>
/// <param name="nodes">The machines that are there.</param>
/// <param name="gone">Those whose disks are lost.</param>
internal sealed class ClusterView(List<SimulatedNode> nodes, HashSet<NodeId> gone)
{
    /// <summary>
    /// The configuration that the one true leader has committed, where no other is on its way, on any disk; else null.
    /// </summary>
    public Membership? Settled(bool isChanging)
    {
        if (TrueLeader()?.Process is not { } process || isChanging)
            return null;

        var core = process.Loop.Core;
        var isSettled = core.Membership.Outgoing.IsEmpty
            && core.Log.MembershipIndex <= core.Log.Commit
            && core.Log.View.TermAt(core.Log.Commit) == core.Term
            && nodes.TrueForAll(node => node.LastKnown.MembershipIndex <= core.Log.MembershipIndex);
        return isSettled ? core.Membership : null;
    }

    /// <summary>Who leads in a term that nobody is past; null while there is none.</summary>
    public SimulatedNode? TrueLeader()
    {
        var newest = nodes.Max(static node => node.LastKnown.Term.Value);
        return nodes.Find(node => node.Process?.Loop.Core is { Role.Kind: RaftRole.Leader } core
            && core.Term.Value == newest);
    }

    public string Standing() => string.Join("; ", nodes.Select(node =>
    {
        if (node.Process?.Loop.Core is not { } core)
            return $"{node.Id.Value} is down";

        return $"{node.Id.Value} is {core.Role.Kind} of {core.Term}, log {core.Log.Commit} to {core.Log.LastIndex}, "
            + $"applied {core.Log.Applied}, members [{core.Membership}], leaving {core.Membership.Outgoing.Length}";
    }));

    /// <summary>Those in the configuration of the one leader; null where there is not one, or a change is under way.
    /// </summary>
    public SimulatedNode[]? Members()
    {
        var leaders = nodes.FindAll(node => node.Process?.Loop.Core.Role.Kind == RaftRole.Leader);
        if (leaders is not [var leader])
            return null;

        var membership = leader.Process!.Loop.Core.Membership;
        var isComplete = membership.Outgoing.IsEmpty && !membership.Members.Any(member => gone.Contains(member.Id));
        return isComplete ? [.. nodes.Where(node => membership.Find(node.Id) is not null)] : null;
    }

    public bool IsQuiet()
    {
        if (Members() is not { } members || Array.Exists(members, static node => node.Process is null))
            return false;

        var commit = members[0].Process!.Loop.Core.Log.Commit;
        return Array.TrueForAll(members, node =>
        {
            var log = node.Process!.Loop.Core.Log;
            return log.LastIndex == log.Commit && log.Applied == log.Commit && log.Commit == commit;
        });
    }
}
