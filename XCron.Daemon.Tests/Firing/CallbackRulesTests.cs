using System.Net;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Firing;

internal sealed class CallbackRulesTests
{
    [TestCase("93.184.216.34", true)]
    [TestCase("10.0.0.1", true)]
    [TestCase("127.0.0.1", true)]
    [TestCase("::1", true)]
    [TestCase("2001:db8::1", true)]
    [TestCase("169.254.169.254", false)]
    [TestCase("169.254.0.1", false)]
    [TestCase("fe80::1", false)]
    [TestCase("fe80::1%2", false)]
    [TestCase("fd00:ec2::254", false)]
    [TestCase("fd00:ec2::253", true)]
    [TestCase("::ffff:169.254.169.254", false)]
    [TestCase("::ffff:93.184.216.34", true)]
    [TestCase("::169.254.169.254", false)]
    [TestCase("64:ff9b::169.254.169.254", false)]
    [TestCase("64:ff9b::93.184.216.34", true)]
    public void By_default_all_but_link_local_is_reached(string address, bool isAllowed)
    {
        Assert.That(Rules([], []).Allows(IPAddress.Parse(address)), Is.EqualTo(isAllowed));
    }

    [TestCase("10.1.2.3", true)]
    [TestCase("::ffff:10.1.2.3", true)]
    [TestCase("11.1.2.3", false)]
    [TestCase("::1", false)]
    public void Where_networks_are_allowed_no_other_is_reached(string address, bool isAllowed)
    {
        Assert.That(Rules(["10.0.0.0/8"], []).Allows(IPAddress.Parse(address)), Is.EqualTo(isAllowed));
    }

    [TestCase("10.1.2.3", false)]
    [TestCase("::ffff:10.1.2.3", false)]
    [TestCase("64:ff9b::10.1.2.3", false)]
    [TestCase("10.2.2.3", true)]
    public void A_denied_network_is_not_reached_though_it_is_allowed(string address, bool isAllowed)
    {
        var rules = Rules(["10.0.0.0/8"], ["10.1.0.0/16"]);

        Assert.That(rules.Allows(IPAddress.Parse(address)), Is.EqualTo(isAllowed));
    }

    [TestCase("0.0.0.0")]
    [TestCase("::ffff:0.0.0.0")]
    [TestCase("::")]
    public void The_unspecified_address_reaches_this_machine_and_is_judged_so(string text)
    {
        var address = IPAddress.Parse(text);
        string[] loopback = ["127.0.0.0/8", "::1/128"];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Rules([], []).Allows(address), Is.True);
            Assert.That(Rules([], loopback).Allows(address), Is.False);
            Assert.That(Rules(["0.0.0.0/0", "::/0"], loopback).Allows(address), Is.False);
            Assert.That(Rules([], ["0.0.0.0/8", "::/128"]).Allows(address), Is.False);
            Assert.That(Rules(loopback, []).Allows(address), Is.True);
        }
    }

    [TestCase("127.0.0.1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::127.0.0.1")]
    [TestCase("64:ff9b::127.0.0.1")]
    public void Denied_loopback_is_reached_by_no_other_spelling(string address)
    {
        Assert.That(Rules([], ["127.0.0.0/8"]).Allows(IPAddress.Parse(address)), Is.False);
    }

    [Test]
    public void Allowing_everything_does_not_open_link_local_addresses()
    {
        var rules = Rules(["0.0.0.0/0", "::/0"], []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rules.Allows(IPAddress.Parse("169.254.169.254")), Is.False);
            Assert.That(rules.Allows(IPAddress.Parse("fe80::1")), Is.False);
            Assert.That(rules.Allows(IPAddress.Parse("8.8.8.8")), Is.True);
        }
    }

    [Test]
    public void A_link_local_network_is_opened_by_its_name()
    {
        var rules = Rules(["169.254.7.0/24"], []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rules.Allows(IPAddress.Parse("169.254.7.1")), Is.True);
            Assert.That(rules.Allows(IPAddress.Parse("169.254.169.254")), Is.False);
        }
    }

    private static CallbackRules Rules(string[] allowed, string[] denied) =>
        new(Array.ConvertAll(allowed, IPNetwork.Parse), Array.ConvertAll(denied, IPNetwork.Parse));
}
