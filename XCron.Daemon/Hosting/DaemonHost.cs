using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using XCron.Daemon.Api;
using XCron.Daemon.Configuration;
using XCron.Daemon.Diagnostics;
using XCron.Daemon.Peers;
using XCron.Daemon.Tls;
using XCron.Raft.Grpc;

namespace XCron.Daemon.Hosting;

/// <summary>The web server of a daemon: three ports, each with what belongs on it and nothing else.</summary>
internal static class DaemonHost
{
    // What is longer the server turns away before there is a request; RefusedRequests answers for it.
    private const int MaxHeadBytes = 64 * 1024;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public static WebApplication Build(XCronOptions options)
    {
        // What configures this server is in xcron.toml alone. The builder would also read an appsettings.json of the
        // working directory, and watch all that is below it for changes: with the log there, each of its writes is an
        // event, and the thread that takes them used 6 % of the processor time of a create on three nodes.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        ConsoleLogging.Configure(builder.Logging, options.Log.Level);
        MetricsExport.Add(builder.Services, options.Env, options.Peer.Self);
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = GrpcTransportOptions.MaxMessageBytes;
            grpc.MaxSendMessageSize = GrpcTransportOptions.MaxMessageBytes;
        });
        builder.Services.AddSingleton<DiagnosticSource>(static _ => new RefusedRequests(
            new RequestIdSource(new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), TimeProvider.System),
            MaxHeadBytes));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopLimit);
        AddTls(builder.Services, options.Tls);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        return builder.Build();
    }

    /// <summary>Requests go by the port that they came in on, never by what their Host header says.</summary>
    public static void Map(
        WebApplication app,
        XCronOptions options,
        ApiEndpoints api,
        ClusterPeerService cluster,
        GrpcRaftTransport raft,
        Readiness readiness)
    {
        MonitorEndpoints.Map(app, options.MonitorPort, readiness.ReasonNotLive, readiness.ReasonNotReady);
        app.MapWhen(
            context => context.Connection.LocalPort == options.PeerPort,
            peers =>
            {
                peers.UseRouting();
                peers.UseEndpoints(endpoints =>
                {
                    endpoints.MapGrpcService(raft.Service);
                    endpoints.MapGrpcService(Proto.Cluster.ClusterPeer.BindService(cluster));
                });
            });
        api.Map(app);
        api.MapRest(app);
    }

    internal static void AddTls(IServiceCollection services, TlsSection tls)
    {
        if (tls.Peer is { } peer)
            services.AddSingleton(made => new PeerTls(peer, Loggers(made), TimeProvider.System));
        if (tls.Http is { } http)
            services.AddSingleton(made => new HttpTls(http, Loggers(made), TimeProvider.System));
    }

    private static ILoggerFactory Loggers(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>();

    private static void Listen(KestrelServerOptions kestrel, XCronOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxHeadBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadBytes;
        kestrel.Limits.MaxRequestBodySize = null; // the API has its own limit, with an answer that names it
        kestrel.Limits.Http2.InitialConnectionWindowSize = 8 << 20;
        kestrel.Limits.Http2.InitialStreamWindowSize = 4 << 20;
        kestrel.Listen(options.Bind, options.HttpPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (kestrel.ApplicationServices.GetService<HttpTls>() is { } tls)
                listen.Secure(tls);
            RefusedRequests.Watch(listen);
        });
        kestrel.Listen(options.Bind, options.MonitorPort, static listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(options.Bind, options.PeerPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (kestrel.ApplicationServices.GetService<PeerTls>() is { } tls)
                listen.Secure(tls);
        });
    }
}
