namespace XCron.Raft.Core;

/// <summary>
/// The steps from one configuration to another. Where the voters change there are two: a joint configuration, in which
/// both majorities decide, and, once that is committed, the new one alone (Raft §6).
/// </summary>
internal static class MembershipChange
{
    /// <summary>Why a change is not to be made, or null.</summary>
    /// <param name="current">In force, committed and not joint.</param>
    /// <param name="target">What is wanted.</param>
    /// <param name="isCaughtUp">Whether a member follows closely.</param>
    public static ChangeRefusal? Refusal(Membership current, Membership target, Func<NodeId, bool> isCaughtUp)
    {
        if (target.Members.SequenceEqual(current.Members))
            return ChangeRefusal.Unchanged;
        if (current.Members.Count(member => target.Find(member.Id) is null) + target.Members.Length
            > Membership.MaxMembers)
        {
            return ChangeRefusal.TooManyMembers;
        }

        // A voter that lags would hold up every commit that needs it, so it learns first (thesis §4.2.1).
        foreach (var voter in target.Voters)
        {
            if (!current.Voters.Contains(voter) && !isCaughtUp(voter))
                return ChangeRefusal.NotCaughtUp;
        }

        return null;
    }

    /// <summary>What is appended first: a joint configuration, or where the voters stay, the target itself.</summary>
    public static Membership FirstStep(Membership current, Membership target)
    {
        if (target.Voters.SequenceEqual(current.Voters))
            return target;

        // Those that leave stay known by their addresses: their votes are needed until the change is complete.
        var leaving = current.Members
            .Where(member => target.Find(member.Id) is null)
            .Select(static member => member with { Suffrage = Suffrage.Leaving });
        return new Membership(current.ClusterId, target.Members.Concat(leaving), current.Voters)
        {
            Epoch = current.Epoch,
        };
    }

    /// <summary>What ends a joint configuration. Derived from it alone, so that any leader can complete it.</summary>
    public static Membership LastStep(Membership joint) =>
        new(joint.ClusterId, joint.Members.Where(static member => member.Suffrage != Suffrage.Leaving))
        {
            Epoch = joint.Epoch,
        };
}
