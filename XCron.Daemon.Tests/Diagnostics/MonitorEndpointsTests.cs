using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Tests.Diagnostics;

[NonParallelizable]
internal sealed class MonitorEndpointsTests
{
    private const int MonitorPort = 9910;

    [Test]
    public async Task Livez_and_readyz_are_200_while_there_is_no_reason_against()
    {
        Assert.That(await GetAsync("/livez", MonitorPort), Is.EqualTo((200, "ok\n")));
        Assert.That(await GetAsync("/readyz", MonitorPort), Is.EqualTo((200, "ok\n")));
    }

    [Test]
    public async Task Livez_and_readyz_are_503_with_their_own_reason()
    {
        Assert.That(
            await GetAsync("/livez", MonitorPort, notLive: "the wheel has not turned for 12 s"),
            Is.EqualTo((503, "the wheel has not turned for 12 s\n")));
        Assert.That(
            await GetAsync("/readyz", MonitorPort, notReady: "no leader"), Is.EqualTo((503, "no leader\n")));
        Assert.That(await GetAsync("/livez", MonitorPort, notReady: "no leader"), Is.EqualTo((200, "ok\n")));
    }

    [TestCase("/livez")]
    [TestCase("/readyz")]
    [TestCase("/metrics")]
    public async Task Another_port_serves_none_of_it_whatever_its_Host_header_says(string path) =>
        Assert.That(await GetAsync(path, 8000), Is.EqualTo((200, "the API\n")));

    [Test]
    public async Task The_monitor_port_serves_nothing_else() =>
        Assert.That(
            await GetAsync("/xcron/createTask", MonitorPort),
            Is.EqualTo((404, "There are /metrics, /livez and /readyz.\n")));

    private static async Task<(int Status, string Body)> GetAsync(
        string path, int localPort, string? notLive = null, string? notReady = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        MetricsExport.Add(services, "test", "10.0.0.1:8899");
        await using var provider = services.BuildServiceProvider();
        var app = new ApplicationBuilder(provider);
        MonitorEndpoints.Map(app, MonitorPort, () => notLive, () => notReady);
        app.Run(context => context.Response.WriteAsync("the API\n"));
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = provider };
        context.Connection.LocalPort = localPort;
        context.Request.Method = "GET";
        context.Request.Path = path;
        context.Request.Host = new HostString("localhost", MonitorPort);
        context.Response.Body = body;

        await app.Build()(context);

        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }
}
