using System.Text;
using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class CallbackUrlsTests
{
    [Test]
    public void The_memory_of_good_urls_changes_no_verdict()
    {
        const int Seed = 20;
        var random = new Random(Seed);
        var rule = new OddPorts();
        var urls = new CallbackUrls(rule);

        for (var round = 0; round < 5000; round++)
        {
            var port = random.Next(1, 1000);
            var verdict = urls.Check(Encoding.UTF8.GetBytes($"http://10.0.0.1:{port}/"));

            Assert.That(verdict?.Code, Is.EqualTo(port % 2 == 1 ? 1005 : null), $"seed {Seed}, port {port}");
        }

        Assert.That(rule.Asked, Is.LessThan(5000), "some were remembered");
    }

    private sealed class OddPorts : ICallbackRules
    {
        public int Asked { get; private set; }

        public string? Check(Uri target)
        {
            Asked++;
            return target.Port % 2 == 1 ? "odd ports are denied" : null;
        }
    }
}
