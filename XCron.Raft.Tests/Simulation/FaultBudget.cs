namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// How much of what was synced may be destroyed. Raft promises nothing to a cluster of which a majority lost its disks,
/// so a disk is damaged or emptied only while the machines hurt so and not yet replaced stay a minority, of every
/// configuration that may decide. Everything else is without limit: whatever crashes, comes back; whatever was not
/// synced, may go.
/// </summary>
/// <remarks>
/// A machine counts from the moment its disk is hurt, though it may run on, and until a committed configuration is
/// without it; or until it has started from that disk and everything it had ever promised was there. This also covers
/// what no program can notice: damage to the last batch before anything was written behind it looks like a write that
/// was cut short, so such a machine would come back having forgotten what it acknowledged. The simulation sees it, and
/// takes the machine away as an operator would.
/// </remarks>
internal sealed class FaultBudget
{
    private readonly HashSet<NodeId> _hurt = [];

    public IReadOnlyCollection<NodeId> Hurt => _hurt;

    /// <summary>Whether this machine's disk may be hurt now.</summary>
    /// <param name="victim">Whose disk.</param>
    /// <param name="settled">What is in force and committed on the leader; null: it is not that simple now.</param>
    public bool Allows(NodeId victim, Membership? settled)
    {
        if (settled?.Find(victim) is null || _hurt.Contains(victim))
            return false;

        // Learners count as well: they may be given a vote.
        var hurtMembers = settled.Members.Count(member => _hurt.Contains(member.Id));
        return hurtMembers + 1 <= (settled.Voters.Length - 1) / 2;
    }

    public void Spend(NodeId victim) => _hurt.Add(victim);

    /// <summary>It has started and knows everything.</summary>
    public void Recovered(NodeId node) => _hurt.Remove(node);

    /// <summary>Whoever is in no configuration any more decides nothing.</summary>
    public void Settled(Membership membership) => _hurt.RemoveWhere(id => membership.Find(id) is null);
}
