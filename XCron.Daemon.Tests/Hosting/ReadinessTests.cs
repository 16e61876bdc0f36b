using XCron.Daemon.Commands;
using XCron.Daemon.Hosting;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Hosting;

internal sealed class ReadinessTests
{
    private static RaftStatus Follower => new()
    {
        Self = new NodeId(1),
        Role = RaftRole.Follower,
        Term = new Term(3),
        Leader = new NodeId(2),
        Commit = new LogIndex(5000),
        Applied = new LogIndex(5000),
        LastIndex = new LogIndex(5000),
        Durable = new LogIndex(5000),
        SnapshotIndex = LogIndex.Zero,
        Membership = new Membership(Guid.NewGuid(), [new Member(new NodeId(1), "node1:8899")]),
        MembershipIndex = LogIndex.Zero,
        LogBytes = 0,
        Disk = DiskHealth.Well,
        PendingProposals = 0,
        Peers = [],
    };

    [TestCase(4000, null)]
    [TestCase(6000, null)]
    [TestCase(6001, "catching up: applied 5000 of 6001")]
    public void A_follower_is_not_ready_where_the_leader_has_applied_far_more(long ofLeader, string? why) =>
        Assert.That(Readiness.WhyBehind(Follower, LeaderAt(ofLeader)), Is.EqualTo(why));

    [TestCase(4000, null)]
    [TestCase(3999, "catching up: applied 3999 of 5000")]
    public void Nor_is_one_that_has_far_more_to_apply_than_it_has_applied(long applied, string? why) =>
        Assert.That(
            Readiness.WhyBehind(Follower with { Applied = new LogIndex(applied) }, leader: null), Is.EqualTo(why));

    [Test]
    public void One_that_installs_a_snapshot_is_not_ready_however_little_it_lacks() =>
        Assert.That(
            Readiness.WhyBehind(Follower with { InstallingSnapshot = new LogIndex(5001) }, LeaderAt(5001)),
            Is.EqualTo("catching up: applied 5000, installing the snapshot of 5001"));

    private static MemberStatus LeaderAt(long applied) => new()
    {
        Session = new OwnerSession(new NodeId(2), 1),
        Draining = false,
        Version = "1",
        Address = "node2:8899",
        HttpAddress = "node2:8000",
        AppliedIndex = applied,
        Machine = new MachineFigures(),
        HeardTimestamp = 1,
        HeardAt = DateTimeOffset.UnixEpoch,
        UpSince = DateTimeOffset.UnixEpoch,
    };
}
