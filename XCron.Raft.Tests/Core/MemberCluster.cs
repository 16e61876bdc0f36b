using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>A cluster of cores whose members change: some nodes form it, the rest wait to be taken in.</summary>
internal static class MemberCluster
{
    public static CoreCluster Of(int voters, int joiners = 0, int seed = 1)
    {
        var initial = Make.Cluster(voters);
        var formed = Make.State(initial, [1]);
        var joining = new RecoveredState(default, null, [], LogIndex.Zero) { Told = initial };
        return new CoreCluster(voters, number => number <= voters ? formed : joining, learners: joiners, seed: seed);
    }

    public static ChangeAdmission Change(this CoreNode node, MemberEdit edit, LogIndex? expected = null)
    {
        var admission = node.Core.ChangeMembers(edit, expected);
        node.Pump();
        return admission;
    }

    public static ChangeAdmission AddLearner(this CoreNode node, int number) =>
        node.Change(new MemberEdit.AddLearner(MemberOf(number)));

    public static Member MemberOf(int number, Suffrage suffrage = Suffrage.Voter) =>
        new(Make.Id(number), $"node{number}:1", suffrage);

    /// <summary>Voters, and then learners.</summary>
    public static Membership MembersOf(int[] voters, params int[] learners) => new(
        Make.ClusterId,
        voters.Select(number => MemberOf(number))
            .Concat(learners.Select(number => MemberOf(number, Suffrage.Learner))));

    /// <summary>The learner is in, and has everything.</summary>
    public static void TakeIn(this CoreCluster cluster, CoreNode leader, params int[] learners)
    {
        foreach (var number in learners)
        {
            Assert.That(leader.AddLearner(number).Accepted, $"learner {number} is added");
            cluster.Settle();
            cluster.Run(200);
            Assert.That(leader.Core.IsCaughtUp(Make.Id(number)), $"learner {number} caught up");
        }
    }

    public static TransferRefusal? Transfer(this CoreNode node, int target)
    {
        var refusal = node.Core.TransferLeadership(Make.Id(target));
        node.Pump();
        return refusal;
    }

    /// <summary>By number, such as "1 2 3".</summary>
    public static string VotersSeenBy(CoreNode node) =>
        string.Join(' ', node.Core.Membership.Voters.Select(voter => voter.Value));

    public static int ConfigurationsIn(CoreNode node) =>
        node.Machine.Count(entry => entry.Kind == EntryKind.Configuration);
}
