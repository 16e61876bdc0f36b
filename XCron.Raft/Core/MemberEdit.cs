using System.Diagnostics;

namespace XCron.Raft.Core;

/// <summary>What is asked of the membership. A pure function of the one in force, so that it is applied where that is
/// known: in the leader's core.</summary>
internal abstract record MemberEdit
{
    private protected MemberEdit()
    {
    }

    /// <summary>A learner is added; a member that is known by this id gets the address.</summary>
    public sealed record AddLearner(Member Member) : MemberEdit;

    public sealed record Promote(NodeId Id) : MemberEdit;

    public sealed record Remove(NodeId Id) : MemberEdit;

    /// <summary>One goes and another comes, in one change.</summary>
    public sealed record Replace(NodeId Old, Member Replacement) : MemberEdit;

    /// <summary>Any number at once.</summary>
    public sealed record Become(Membership Target) : MemberEdit;

    /// <returns>The membership asked for, or why there is none.</returns>
    public (Membership? Target, ChangeRefusal Refusal) ApplyTo(Membership current) => this switch
    {
        AddLearner add => Add(current, add.Member),
        Promote promote => current.Find(promote.Id) switch
        {
            null => (null, ChangeRefusal.UnknownMember),
            var member => With(current, member with { Suffrage = Suffrage.Voter }),
        },
        Remove remove => current.Find(remove.Id) is null
            ? (null, ChangeRefusal.UnknownMember)
            : Of(current, current.Members.Where(member => member.Id != remove.Id)),
        Replace replace => current.Find(replace.Old) is null
            ? (null, ChangeRefusal.UnknownMember)
            : Of(current, current.Members
                .Where(member => member.Id != replace.Old && member.Id != replace.Replacement.Id)
                .Append(replace.Replacement)),
        Become become => Of(current, become.Target.Members),
        _ => throw new UnreachableException(GetType().Name),
    };

    private static (Membership? Target, ChangeRefusal Refusal) Add(Membership current, Member member) =>
        current.Find(member.Id) is { } known
            ? With(current, known with { Address = member.Address })
            : With(current, member with { Suffrage = Suffrage.Learner });

    private static (Membership? Target, ChangeRefusal Refusal) With(Membership current, Member member) =>
        Of(current, current.Members.Where(other => other.Id != member.Id).Append(member));

    private static (Membership? Target, ChangeRefusal Refusal) Of(Membership current, IEnumerable<Member> members)
    {
        Member[] wanted = [.. members];
        if (!Array.Exists(wanted, member => member.Suffrage == Suffrage.Voter))
            return (null, ChangeRefusal.NoVoters);

        return wanted.Length > Membership.MaxMembers
            ? (null, ChangeRefusal.TooManyMembers)
            : (new Membership(current.ClusterId, wanted) { Epoch = current.Epoch }, default);
    }
}
