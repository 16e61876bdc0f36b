using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class NearMissTests
{
    [TestCase("", "", 0)]
    [TestCase("port", "port", 0)]
    [TestCase("prot", "port", 1)]
    [TestCase("por", "port", 1)]
    [TestCase("portt", "port", 1)]
    [TestCase("pork", "port", 1)]
    [TestCase("kitten", "sitting", 3)]
    [TestCase("", "port", 4)]
    public void Distance_counts_single_mistakes(string left, string right, int distance)
    {
        Assert.That(NearMiss.Distance(left, right), Is.EqualTo(distance));
        Assert.That(NearMiss.Distance(right, left), Is.EqualTo(distance));
    }

    [TestCase("http_prot", "http_port")]
    [TestCase("peer.peer_host", "peer.peer_hosts")]
    [TestCase("peer.election_timeout_ms", "raft.election_timeout_ms")]
    [TestCase("peer_hosts", "peer.peer_hosts")]
    [TestCase("Raft-Dir", "raft_dir")]
    [TestCase("verbosity", null)]
    public void The_nearest_key_is_suggested_if_it_is_near(string written, string? meant) =>
        Assert.That(NearMiss.Find(written)?.Path, Is.EqualTo(meant));
}
