using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Runtime;

/// <summary>
/// A disk that fills up under whole nodes. Its segments are made ahead, so there is warning: the last one is kept for
/// what is urgent.
/// </summary>
internal sealed class DiskReserveTests
{
    private const long Plenty = 1L << 40;

    private static readonly SimulationPlan NoSnapshots = new() { Seed = 1, SnapshotLogBytes = int.MaxValue };

    [Test]
    public void Ordinary_proposals_are_refused_first_and_urgent_ones_go_on_in_what_was_made_ahead()
    {
        var cluster = new StationCluster(1, NoSnapshots);
        var node = cluster.Elect();
        cluster.Run(50);
        FillUp(node);
        UseUpOrdinary(cluster, node);
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Low));

        var urgent = 0;
        Func<ProposeOutcome?> last;
        while (true)
        {
            last = cluster.Propose(node, urgency: ProposalUrgency.Urgent);
            cluster.Run(30);
            if (last() is not ProposeOutcome.Applied)
                break;

            urgent++;
            Assert.That(
                OutcomeOf(cluster, node), Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.DiskFull, node.Id)));
        }

        Assert.That(urgent, Is.GreaterThan(10), "most of a segment of 4 KiB");
        Assert.That(last(), Is.Null, "appended, and it waits for space");
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Full));
        Assert.That(
            OutcomeOf(cluster, node, ProposalUrgency.Urgent),
            Is.EqualTo(new ProposeOutcome.Rejected(RejectReason.DiskFull, node.Id)),
            "that is used up too");

        node.Disk.Capacity = Plenty;
        cluster.Run(1500);

        Assert.That(last(), Is.InstanceOf<ProposeOutcome.Applied>());
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Well));
        Assert.That(OutcomeOf(cluster, node), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    [Test]
    public void Space_that_comes_back_while_it_is_low_is_noticed_by_an_idle_node()
    {
        var cluster = new StationCluster(1, NoSnapshots);
        var node = cluster.Elect();
        cluster.Run(50);
        FillUp(node);
        UseUpOrdinary(cluster, node);

        node.Disk.Capacity = Plenty;
        cluster.Run(1500);

        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Well));
        Assert.That(OutcomeOf(cluster, node), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    // Simulation, seed 30174: the write that had waited for space took the spare with it, and an idle node, to which
    // it was still there, never made another.
    [Test]
    public void A_node_whose_waiting_write_used_up_the_next_segment_makes_another_and_is_well_again()
    {
        var cluster = new StationCluster(1, NoSnapshots);
        var node = cluster.Elect();
        cluster.Run(300);
        node.Disk.BytesUntilFull = 0;
        var waiting = cluster.Propose(node, bytes: 3800);
        cluster.Run(100);
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Full));

        node.Disk.BytesUntilFull = null;
        cluster.Run(1500);

        Assert.That(waiting(), Is.InstanceOf<ProposeOutcome.Applied>());
        Assert.That(StationCluster.StatusOf(node).Disk, Is.EqualTo(DiskHealth.Well));
        Assert.That(OutcomeOf(cluster, node), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    [Test]
    public void What_is_acknowledged_from_the_reserve_outlives_a_loss_of_power()
    {
        var cluster = new StationCluster(1, NoSnapshots);
        var node = cluster.Elect();
        cluster.Run(50);
        FillUp(node);
        UseUpOrdinary(cluster, node);
        for (var i = 0; i < 5; i++)
            Assert.That(OutcomeOf(cluster, node, ProposalUrgency.Urgent), Is.InstanceOf<ProposeOutcome.Applied>());
        var applied = StationCluster.StatusOf(node).Applied;

        node.Crash();
        Assert.That(node.Start(), Is.Null);
        cluster.Elect();
        cluster.Run(50);

        Assert.That(StationCluster.StatusOf(node).Applied, Is.GreaterThanOrEqualTo(applied));
    }

    [Test]
    public void Where_a_majority_of_the_disks_is_low_the_leader_keeps_their_reserve_although_its_own_is_well()
    {
        var cluster = new StationCluster(3, NoSnapshots);
        var leader = cluster.Elect();
        cluster.Run(100);
        foreach (var follower in cluster.Nodes.Where(node => node != leader))
            FillUp(follower);
        UseUpOrdinary(cluster, leader);

        Assert.That(StationCluster.StatusOf(leader).Disk, Is.EqualTo(DiskHealth.Well));
        Assert.That(
            OutcomeOf(cluster, leader, ProposalUrgency.Urgent), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    [Test]
    public void One_disk_of_three_that_is_low_makes_another_lead_and_everything_goes_on()
    {
        var cluster = new StationCluster(3, NoSnapshots);
        var leader = cluster.Elect();
        cluster.Run(100);
        FillUp(leader);
        UseUpOrdinary(cluster, leader);

        Assert.That(cluster.RunUntil(() => cluster.Leader is { } other && other != leader), "another leads");
        Assert.That(OutcomeOf(cluster, cluster.Elect()), Is.InstanceOf<ProposeOutcome.Applied>());
    }

    /// <summary>From now on no file may grow.</summary>
    private static void FillUp(SimulatedNode node)
    {
        node.Disk.Capacity = Plenty;
        node.Disk.Capacity = Plenty - node.Disk.FreeBytes;
    }

    private static void UseUpOrdinary(StationCluster cluster, SimulatedNode node)
    {
        for (var i = 0; i < 400; i++)
        {
            if (OutcomeOf(cluster, node) is ProposeOutcome.Rejected { Reason: RejectReason.DiskFull })
                return;
        }

        Assert.Fail("ordinary proposals are refused in the end");
    }

    private static ProposeOutcome? OutcomeOf(
        StationCluster cluster, SimulatedNode node, ProposalUrgency urgency = ProposalUrgency.Ordinary)
    {
        var outcome = cluster.Propose(node, urgency: urgency);
        Assert.That(cluster.RunUntil(() => outcome() is not null), "it has an outcome");
        return outcome();
    }
}
