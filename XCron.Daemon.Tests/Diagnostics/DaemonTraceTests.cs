using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Tests.Diagnostics;

internal sealed class DaemonTraceTests
{
    [Test]
    public void Every_event_has_an_id_of_its_own_in_the_range_of_a_station()
    {
        var ids = typeof(DaemonTrace).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>()
            .ToList();

        Assert.That(ids, Has.Count.AtLeast(15));
        Assert.That(ids, Is.Unique);
        Assert.That(ids, Is.All.InRange(100, 599));
    }

    [TestCase(LogLevel.Information, "XCron", LogLevel.Information, true)]
    [TestCase(LogLevel.Information, "XCron", LogLevel.Debug, false)]
    [TestCase(LogLevel.Information, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, false)]
    [TestCase(LogLevel.Information, "Grpc.Net.Client", LogLevel.Warning, true)]
    [TestCase(LogLevel.Error, "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, false)]
    [TestCase(LogLevel.Debug, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, true)]
    public void Levels_hold_for_the_daemon_and_libraries_are_quieter(
        LogLevel configured, string category, LogLevel level, bool isWritten)
    {
        using var services = new ServiceCollection()
            .AddLogging(logging => ConsoleLogging.Configure(logging, configured))
            .BuildServiceProvider();

        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

        Assert.That(logger.IsEnabled(level), Is.EqualTo(isWritten));
    }
}
