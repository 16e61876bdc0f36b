using System.Net;
using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class SelfAddressTests
{
    private static readonly IPAddress[] Own =
    [
        IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("fe80::1"), IPAddress.Parse("2001:db8::1"),
        IPAddress.Parse("169.254.3.4"), IPAddress.Parse("10.0.0.1"), IPAddress.Parse("192.168.0.1"),
    ];

    [TestCase("10.0.0.1:8899", "10.0.0.1:8899", "10.0.0.2:8899", "10.0.0.3:8899")]
    [TestCase("192.168.0.1:8899", "192.168.0.2:8899", "192.168.0.1:8899")]
    [TestCase("[2001:db8::1]:8899", "[2001:db8::2]:8899", "[2001:db8::1]:8899")]
    [TestCase("node1:8899", "node1:8899", "node2:8899")]
    [TestCase("node1.example.com:8899", "node1.example.com:8899", "node10.example.com:8899")]
    public void The_peer_host_with_an_own_address_is_this_node(string expected, params string[] peerHosts) =>
        Assert.That(Detect(peerHosts, ""), Is.EqualTo(new SelfAddress.Found(expected)));

    [TestCase(7001)]
    [TestCase(7002)]
    [TestCase(7003)]
    public void Nodes_on_one_machine_are_told_apart_by_their_port(int peerPort)
    {
        string[] peerHosts = ["127.0.0.1:7001", "127.0.0.1:7002", "localhost:7003"];

        Assert.That(
            Detect(peerHosts, "", peerPort),
            Is.EqualTo(new SelfAddress.Found(peerHosts.Single(host => host.EndsWith($"{peerPort}")))));
    }

    [Test]
    public void What_is_given_wins()
    {
        Assert.That(
            Detect(["10.0.0.1:8899", "10.0.0.2:8899"], "10.0.0.2:8899"),
            Is.EqualTo(new SelfAddress.Found("10.0.0.2:8899")));
        Assert.That(Detect([], "xcron.example.com:1"), Is.EqualTo(new SelfAddress.Found("xcron.example.com:1")));
    }

    [Test]
    public void One_machine_alone_is_its_first_address_that_others_can_reach()
    {
        Assert.That(Detect([], ""), Is.EqualTo(new SelfAddress.Found("10.0.0.1:8899")));
        Assert.That(
            SelfAddress.Detect([], "", [IPAddress.IPv6Loopback, IPAddress.Parse("2001:db8::1")], "", 8899),
            Is.EqualTo(new SelfAddress.Found("[2001:db8::1]:8899")));
        Assert.That(
            SelfAddress.Detect([], "", [IPAddress.Loopback], "", 8899),
            Is.EqualTo(new SelfAddress.Found("127.0.0.1:8899")));
    }

    [Test]
    public void Two_own_addresses_at_the_same_port_need_a_choice() =>
        Assert.That(
            Detect(["10.0.0.1:8899", "192.168.0.1:8899", "10.0.0.2:8899"], ""),
            Is.EqualTo(new SelfAddress.Unclear(
                "10.0.0.1:8899 and 192.168.0.1:8899 of peer_hosts are both this machine; set [peer] self to one of "
                + "them.")));

    [Test]
    public void An_own_address_at_another_port_is_not_guessed_to_be_this_node() =>
        Assert.That(
            Detect(["10.0.0.1:9000", "10.0.0.2:8899"], ""),
            Is.EqualTo(new SelfAddress.Unclear(
                "of peer_hosts 10.0.0.1:9000 is this machine, but peer_port is 8899; make the ports equal or set "
                + "[peer] self.")));

    [Test]
    public void A_name_that_only_begins_like_the_own_one_is_another_machine() =>
        Assert.That(Detect(["node10:8899", "node1x.example.com:8899"], ""), Is.InstanceOf<SelfAddress.Unclear>());

    private static SelfAddress Detect(string[] peerHosts, string self, int peerPort = 8899) =>
        SelfAddress.Detect(peerHosts, self, Own, "Node1", peerPort);
}
