namespace XCron.Raft.Tests.Runtime;

/// <summary>What a leader's clients hear when it loses its majority.</summary>
internal sealed class LeadershipLossTests
{
    // S25: "isolated leader steps down within one election timeout; pending proposals complete as OutcomeUnknown; new
    // proposals NotLeader".
    [Test]
    public void A_leader_that_is_cut_off_ends_what_waits_as_unknown_and_refuses_what_comes()
    {
        var cluster = new StationCluster(3);
        var leader = cluster.Elect();
        var applied = cluster.Propose(leader);
        Assert.That(cluster.RunUntil(() => applied() is not null));
        foreach (var other in cluster.Nodes.Where(node => node != leader))
        {
            cluster.Network.Cut(leader.Id, other.Id);
            cluster.Network.Cut(other.Id, leader.Id);
        }

        var before = cluster.NowMs;
        var waiting = Enumerable.Range(0, 10).Select(_ => cluster.Propose(leader)).ToArray();
        Assert.That(cluster.RunUntil(() => waiting.All(outcome => outcome() is not null)));
        var late = cluster.Propose(leader);
        Assert.That(cluster.RunUntil(() => late() is not null));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.NowMs - before, Is.LessThan(300), "the election timeout is 200 ms");
            Assert.That(applied(), Is.InstanceOf<ProposeOutcome.Applied>());
            Assert.That(waiting.Select(outcome => outcome()), Is.All.InstanceOf<ProposeOutcome.Unknown>());
            Assert.That(late(), Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.NotLeader, NodeId.None)));
        }
    }
}
