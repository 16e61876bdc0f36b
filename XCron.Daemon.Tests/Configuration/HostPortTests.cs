using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class HostPortTests
{
    [TestCase("10.0.0.1:8899", "10.0.0.1:8899")]
    [TestCase("Node1:1", "node1:1")]
    [TestCase("xcron-0.xcron.default.svc:65535", "xcron-0.xcron.default.svc:65535")]
    [TestCase("[2001:DB8:0:0::1]:80", "[2001:db8::1]:80")]
    [TestCase("[::1]:080", "[::1]:80")]
    public void Equal_addresses_have_one_spelling(string text, string spelling)
    {
        Assert.That(HostPort.TryParse(text, out var hostPort), Is.True);
        Assert.That(hostPort.ToString(), Is.EqualTo(spelling));
    }

    [TestCase("")]
    [TestCase("node1")]
    [TestCase(":8899")]
    [TestCase("node1:")]
    [TestCase("node1:0")]
    [TestCase("node1:65536")]
    [TestCase("node1:+1")]
    [TestCase("node1: 1")]
    [TestCase("http://node1:80")]
    [TestCase("no de:80")]
    [TestCase("10.0.0:80")]
    [TestCase("10.0.0.300:80")]
    [TestCase("0.0.0.0:80")]
    [TestCase("[::]:80")]
    [TestCase("::1:80")]
    [TestCase("[10.0.0.1]:80")]
    [TestCase("[node1]:80")]
    public void What_names_no_machine_and_port_is_refused(string text) =>
        Assert.That(HostPort.TryParse(text, out _), Is.False);
}
