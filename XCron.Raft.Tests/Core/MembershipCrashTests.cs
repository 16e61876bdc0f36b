using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>
/// A leader that dies while it changes the members: the next one completes the change, once, or none did.
/// </summary>
internal sealed class MembershipCrashTests
{
    /// <summary>
    /// Every point: the joint configuration on one node, on some, committed, and the new one likewise.
    /// </summary>
    [TestCase("1 2 3 4", Description = "a fourth is promoted")]
    [TestCase("1 2", Description = "one is removed")]
    [TestCase("2 3", Description = "the leader is removed")]
    [TestCase("1 2 4", Description = "one is replaced")]
    [TestCase("2 3 4", Description = "the leader is replaced")]
    public void Whenever_the_leader_dies_the_change_is_completed_exactly_once_or_not_begun(string voters) =>
        Assert.That(OutcomesOfEveryPoint(3, voters), Has.Count.EqualTo(2), "both ends were seen");

    // S44, etcd 12359: with an even number of voters a leader that dies in the middle must not leave a cluster that
    // nobody can lead any more, once it is back.
    [TestCase(2, "1 2 3", Description = "two become three")]
    [TestCase(2, "1", Description = "two become one")]
    [TestCase(4, "1 2 3 4 5", Description = "four become five")]
    [TestCase(4, "2 3 4", Description = "four become three, without the leader")]
    public void An_even_cluster_is_never_left_without_anybody_who_can_lead(int formed, string voters) =>
        Assert.That(OutcomesOfEveryPoint(formed, voters), Has.Member(true));

    private static HashSet<bool> OutcomesOfEveryPoint(int formed, string voters)
    {
        var outcomes = new HashSet<bool>();
        var isOver = false;
        for (var delivered = 0; !isOver; delivered++)
        {
            Assert.That(delivered, Is.LessThan(200), "a change takes a bounded number of messages");
            outcomes.Add(Check(formed, voters, delivered, out isOver));
        }

        return outcomes;
    }

    /// <returns>Whether the change was completed.</returns>
    private static bool Check(int formed, string voters, int messages, out bool isOver)
    {
        var cluster = MemberCluster.Of(formed, joiners: 1, seed: messages + 1);
        var leader = cluster.Elect(1);
        var joiner = formed + 1;
        cluster.TakeIn(leader, joiner);
        var before = MemberCluster.ConfigurationsIn(leader);

        var delivered = 0;
        cluster.Loses = _ => delivered++ >= messages;
        int[] wanted = [.. voters.Split(' ').Select(int.Parse)];
        leader.Change(new MemberEdit.Become(MemberCluster.MembersOf(wanted, wanted.Contains(joiner) ? [] : [joiner])));
        cluster.Settle();
        isOver = delivered <= messages;
        leader.Crash();
        cluster.Loses = static _ => false;
        cluster.Run(6000);

        var next = cluster.Leader;
        if (formed - 1 > formed / 2 && wanted.Count(number => number != 1) > wanted.Length / 2)
            Assert.That(next, Is.Not.Null, $"after {messages} messages a leader is found among those that are left");
        leader.Start();
        next?.Propose();
        cluster.Run(6000);

        next = cluster.Leader!;
        var configurations = MemberCluster.ConfigurationsIn(next) - before;
        Assert.That(next.Core.Membership.Outgoing, Is.Empty, $"after {messages} messages");
        Assert.That(next.Commit, Is.EqualTo(next.Last));
        if (configurations == 0)
        {
            Assert.That(MemberCluster.VotersSeenBy(next), Is.EqualTo(string.Join(' ', Enumerable.Range(1, formed))));
            return false;
        }

        Assert.That(configurations, Is.EqualTo(2), $"after {messages} messages: the joint one and the one behind it");
        Assert.That(MemberCluster.VotersSeenBy(next), Is.EqualTo(voters));
        return true;
    }
}
