namespace XCron.Raft.Tests.Runtime;

/// <summary>A disk that does not answer, seen by whole nodes: real loops, log writers and appliers.</summary>
internal sealed class DiskStallTests
{
    [Test]
    public void The_loop_notices_by_itself_that_the_disk_stands_and_another_leads_what_was_acknowledged()
    {
        var cluster = new StationCluster(3);
        var leader = cluster.Elect();
        leader.DiskSpeed = 0;
        var before = cluster.NowMs;
        var outcomes = Enumerable.Range(0, 10).Select(_ => cluster.Propose(leader)).ToArray();

        Assert.That(cluster.RunUntil(() => cluster.Leader is { } other && other != leader), "another leads");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(cluster.NowMs - before, Is.LessThan(600), "the election timeout is 200 ms");
            Assert.That(StationCluster.StatusOf(leader).Disk, Is.EqualTo(DiskHealth.Stalled));
            Assert.That(
                outcomes.Select(outcome => outcome()),
                Is.All.InstanceOf<ProposeOutcome.Applied>(),
                "by the others' disks");
        }

        var successor = cluster.Elect();
        var next = cluster.Propose(successor);
        Assert.That(cluster.RunUntil(() => next() is not null));
        Assert.That(next(), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    [Test]
    public void A_disk_that_answers_again_makes_an_ordinary_follower_with_the_same_log()
    {
        var cluster = new StationCluster(3);
        var leader = cluster.Elect();
        leader.DiskSpeed = 0;
        _ = cluster.Propose(leader);
        Assert.That(cluster.RunUntil(() => cluster.Leader is { } other && other != leader));
        var successor = cluster.Elect();
        _ = cluster.Propose(successor);
        cluster.Run(500);
        Assert.That(StationCluster.StatusOf(leader).Durable, Is.LessThan(StationCluster.StatusOf(successor).Commit));

        leader.DiskSpeed = 1;
        cluster.Run(300);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(StationCluster.StatusOf(leader).Disk, Is.EqualTo(DiskHealth.Well));
            Assert.That(StationCluster.StatusOf(leader).Role, Is.EqualTo(RaftRole.Follower));
            Assert.That(
                StationCluster.StatusOf(leader).Durable, Is.EqualTo(StationCluster.StatusOf(successor).LastIndex));
            Assert.That(leader.Machine.Commands, Is.EqualTo(successor.Machine.Commands));
        }
    }

    [Test]
    public void A_leader_whose_disk_stays_full_hands_over_to_one_that_has_space()
    {
        var cluster = new StationCluster(3);
        var leader = cluster.Elect();
        leader.Disk.BytesUntilFull = 0;
        _ = cluster.Propose(leader);

        Assert.That(cluster.RunUntil(() => cluster.Leader is { } other && other != leader), "another leads");
        var next = cluster.Propose(cluster.Elect());
        Assert.That(cluster.RunUntil(() => next() is not null));

        Assert.That(next(), Is.InstanceOf<ProposeOutcome.Applied>());
        Assert.That(StationCluster.StatusOf(leader).Disk, Is.EqualTo(DiskHealth.Full));
    }

    [Test]
    public void A_node_alone_waits_for_its_disk_and_goes_on()
    {
        var cluster = new StationCluster(1);
        var node = cluster.Elect();
        node.DiskSpeed = 0;
        var outcome = cluster.Propose(node);
        cluster.Run(1500);
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Stalled));
        Assert.That(outcome(), Is.Null);

        node.DiskSpeed = 1;
        cluster.Run(100);

        Assert.That(outcome(), Is.InstanceOf<ProposeOutcome.Applied>());
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Well));
    }
}
