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

    /// <summary>A node that was damaged and repaired itself begins again, as a new one.</summary>
    public static async Task<int> RunAsync(ConfigurationOutcome.Run run)
    {
        while (true)
        {
            try
            {
                return await LiveAsync(run);
            }
            catch (LogDamagedException damage)
            {
                if (await DamagedNode.RunAsync(run.Options, damage) is { } exitCode)
                    return exitCode;
            }
        }
    }

    /// <exception cref="LogDamagedException">It could not start, since its data is damaged.</exception>
    private static async Task<int> LiveAsync(ConfigurationOutcome.Run run)
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
        catch (Exception failure) when (failure is not LogDamagedException)
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
        LogDamagedException? found = null;
        try
        {
            var warming = Warmup.RunAsync(
                scheduler.Services with { RequestFinished = static (_, _) => { } }, HealthOf(options), stopping);
            found = await StartAsync(scheduler, stopping);
            await warming;
            if (found is null)
            {
                logger.Ready();
                await scheduler.FailsAsync().WaitAsync(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.Stopping();
        }
        catch (LogDamagedException damage)
        {
            logger.DamagedWhileRunning(damage.Message);
            exitCode = Failed;
        }
        catch (ClusterSupersededException superseded)
        {
            logger.Superseded(superseded.Message);
            exitCode = Failed;
        }
        catch (Exception failure)
        {
            logger.NodeFailed(failure);
            exitCode = Failed;
        }

        await scheduler.StopAsync();
        await app.StopAsync(CancellationToken.None);
        logger.Stopped();
        return found is null ? exitCode : throw found;
    }

    /// <summary>What is damaged, if that is why it cannot start.</summary>
    private static async Task<LogDamagedException?> StartAsync(Scheduler scheduler, CancellationToken stopping)
    {
        try
        {
            await scheduler.StartAsync(stopping);
            return null;
        }
        catch (LogDamagedException damage)
        {
            return damage;
        }
    }

    private static IPEndPoint HealthOf(XCronOptions options)
    {
        var isEverywhere = options.Bind.Equals(IPAddress.Any) || options.Bind.Equals(IPAddress.IPv6Any);
        return new IPEndPoint(isEverywhere ? IPAddress.Loopback : options.Bind, options.MonitorPort);
    }
}
