using System.Net;
using XCron.Daemon.Configuration;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.Tls;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>The life of the process: directory, web server, scheduler, and their end in the opposite order.</summary>
internal static class Daemon
{
    private const int Failed = 1;

    public static async Task<int> RunAsync(ConfigurationOutcome.Run run)
    {
        var options = run.Options;
        await using var app = DaemonHost.Build(options);
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var logger = loggers.CreateLogger(DaemonTrace.Category);
        if (run.File is null)
            logger.ConfiguredWithoutFile();
        else
            logger.ConfiguredByFile(run.File);

        TellOfOpenDoors(options, logger);
        try
        {
            await using var scheduler = new Scheduler(
                options, RaftDirectory.Open(options.RaftDir), loggers, app.Services.GetService<PeerTls>());
            logger.Starting(
                DaemonVersion.Full, options.Env, scheduler.Session.Node, options.Peer.Self, options.RaftDir);
            MetricsExport.Start(app.Services);
            DaemonHost.Map(app, options, scheduler.Api, scheduler.Cluster, scheduler.Transport, scheduler.Readiness);
            return await ServeAsync(app, scheduler, options, logger);
        }
        catch (Exception failure)
        {
            logger.CannotStart(failure.Message);
            return Failed;
        }
    }

    private static void TellOfOpenDoors(XCronOptions options, ILogger logger)
    {
        if (options.Auth.ApiKeys.Count == 0)
            logger.ApiIsOpen();
        if (options.IsMeantForMany && !options.IsPeerPortGuarded)
            logger.PeersAreOpen();
    }

    private static async Task<int> ServeAsync(
        WebApplication app, Scheduler scheduler, XCronOptions options, ILogger logger)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        await app.StartAsync(stopping);
        logger.Listening(options.Bind.ToString(), options.HttpPort, options.MonitorPort, options.PeerPort);
        var exitCode = 0;
        try
        {
            var warming = Warmup.RunAsync(
                scheduler.Services with { RequestFinished = static (_, _) => { } }, HealthOf(options), stopping);
            await scheduler.StartAsync(stopping);
            await warming;
            logger.Ready();
            await scheduler.FailsAsync().WaitAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.Stopping();
        }
        catch (Exception failure)
        {
            logger.NodeFailed(failure);
            exitCode = Failed;
        }

        await scheduler.StopAsync();
        await app.StopAsync(CancellationToken.None);
        logger.Stopped();
        return exitCode;
    }

    private static IPEndPoint HealthOf(XCronOptions options)
    {
        var isEverywhere = options.Bind.Equals(IPAddress.Any) || options.Bind.Equals(IPAddress.IPv6Any);
        return new IPEndPoint(isEverywhere ? IPAddress.Loopback : options.Bind, options.MonitorPort);
    }
}
