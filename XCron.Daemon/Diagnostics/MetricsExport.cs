using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace XCron.Daemon.Diagnostics;

/// <summary>Collects the meters and makes them Prometheus text; <see cref="MonitorEndpoints"/> serves it.</summary>
internal static class MetricsExport
{
    /// <summary>The runtime's own: processor time, memory, collections, thread pool.</summary>
    private const string RuntimeMeter = "System.Runtime";

    /// <summary>The library's: flushes, batches, what was refused or dropped.</summary>
    private const string RaftMeter = "XCron.Raft";

    /// <param name="services">Where the exporter is registered.</param>
    /// <param name="env">The installation's label.</param>
    /// <param name="node">Tells this node's figures from another's: its address.</param>
    public static void Add(IServiceCollection services, string env, string node) =>
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .Clear()
                .AddService("xcron", serviceVersion: DaemonVersion.Number, serviceInstanceId: node)
                .AddAttributes([new("deployment.environment.name", env)]))
            .WithMetrics(metrics => metrics
                .AddMeter(DaemonMetrics.MeterName, RaftMeter, RuntimeMeter)
                .AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = false));

    /// <summary>Begins to collect: what is counted before is lost, so this comes before the stations start.</summary>
    public static void Start(IServiceProvider services) => services.GetRequiredService<MeterProvider>();
}
