using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using XCron.Daemon.Configuration;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.Peers;
using XCron.Daemon.Tls;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// The life of a process that found its data damaged at the start. It has the monitor port and nothing else: no node of
/// the log, no API, no peers' port. A member of a cluster repairs itself from the others; one that is alone ends.
/// </summary>
internal static class DamagedNode
{
    private const int Failed = 1;

    /// <summary>Null: the directory is that of a new node now, and the daemon is to be started on it.</summary>
    public static async Task<int?> RunAsync(XCronOptions options, LogDamagedException found)
    {
        await using var app = Build(options);
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var logger = loggers.CreateLogger(DaemonTrace.Category);
        try
        {
            return await RunAsync(app, options, found, loggers, logger);
        }
        catch (IOException failure)
        {
            // The directory cannot be read or written at all, or a port is taken.
            logger.CannotStart(failure.Message);
            return Failed;
        }
    }

    private static async Task<int?> RunAsync(
        WebApplication app,
        XCronOptions options,
        LogDamagedException found,
        ILoggerFactory loggers,
        ILogger logger)
    {
        using var recovery = RaftRecovery.Open(options.RaftDir);
        var report = recovery.Report;
        if (report.Damage.Count == 0)
        {
            // It was damaged when the node read it and is not any more: memory or a cable, and nothing to repair here.
            logger.CannotStart(found.Message);
            return Failed;
        }

        var hosts = OthersOf(options, report);
        await Console.Error.WriteAsync(DirectoryText.DamageNotice(options.RaftDir, report, hosts.Length > 0));
        if (hosts.Length == 0)
        {
            logger.DamagedAndAlone(report.Damage[0].Message);
            return Failed;
        }

        logger.Quarantined(report.Damage[0].Message, string.Join(", ", hosts));
        using var channels = new PeerChannels(
            Scheduler.PeerOptionsOf(options).ConnectTimeout, app.Services.GetService<PeerTls>()?.ClientOptions());
        var quarantine = new Quarantine(
            report.NodeId,
            report.ClusterId,
            report.Epoch,
            hosts,
            channels,
            Scheduler.PeerOptionsOf(options),
            TimeProvider.System,
            new Random(RandomNumberGenerator.GetInt32(int.MaxValue)),
            new PeersTrace(loggers.CreateLogger<PeersTrace>()));
        MonitorEndpoints.Map(
            app,
            options.MonitorPort,
            static () => null,
            () => $"in quarantine: {report.Damage[0].Message} {quarantine.WaitsFor}");
        return await WaitAsync(app, quarantine, recovery, logger);
    }

    private static async Task<int?> WaitAsync(
        WebApplication app, Quarantine quarantine, RaftRecovery recovery, ILogger logger)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        await app.StartAsync(stopping);
        int? exitCode;
        try
        {
            exitCode = Renew(recovery, await quarantine.RunAsync(stopping), logger);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.Stopping();
            exitCode = 0;
        }

        await app.StopAsync(CancellationToken.None);
        return exitCode;
    }

    private static int? Renew(RaftRecovery recovery, Membership known, ILogger logger)
    {
        switch (recovery.JoinAnew(known))
        {
            case RecoveryOutcome.Done done:
                logger.SetAside(done.Folder, known);
                return null;
            case RecoveryOutcome.Refused refused:
                logger.CannotStart(refused.Why);
                return Failed;
            case var outcome:
                throw new System.Diagnostics.UnreachableException($"No outcome: {outcome}.");
        }
    }

    /// <summary>Whom the damaged files still name, and whom the configuration does; nobody for one alone.</summary>
    private static string[] OthersOf(XCronOptions options, RaftDirectoryReport report)
    {
        var others = report.Membership?.Members.Where(member => member.Id != report.NodeId).ToArray();
        if (others is { Length: 0 })
            return [];

        var known = (others ?? []).Select(member => member.Address);
        string[] all = [.. known, .. options.Peer.PeerHosts, .. options.Peer.Join];
        return [.. all.Where(address => address != options.Peer.Self).Distinct(StringComparer.Ordinal)];
    }

    private static WebApplication Build(XCronOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        ConsoleLogging.Configure(builder.Logging, options.Log.Level);
        MetricsExport.Add(builder.Services, options.Env, options.Peer.Self);
        DaemonHost.AddTls(builder.Services, options.Tls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Bind, options.MonitorPort, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }
}
