using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using XCron.Daemon.Diagnostics;
using XCron.Raft;

namespace XCron.Daemon.Tests.Diagnostics;

/// <summary>What Prometheus reads, through the real exporter.</summary>
[NonParallelizable]
internal sealed class DaemonMetricsTests
{
    [Test]
    public async Task What_stations_report_is_exported_with_unit_and_tags()
    {
        using var metrics = new DaemonMetrics();
        await using var exporter = new Exporter();

        metrics.CallbackFinished("ok", 0.02);
        metrics.CallbackFinished("timeout", 30);
        metrics.Lateness(0.0015);
        metrics.Lateness(59);
        metrics.ObserveRuns(() => [("ok", 2), ("failed", 1)]);
        metrics.RequestFinished("/xcron/createTask", 200);
        metrics.RequestFinished("/xcron/createTask", 200);
        metrics.RequestFinished("/xcron/createTask", 400);

        var text = await exporter.ScrapeAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("xcron_callback_duration_seconds_count{outcome=\"ok\"} 1\n"));
            Assert.That(text, Does.Contain("xcron_callback_duration_seconds_bucket{outcome=\"ok\",le=\"0.01\"} 0"));
            Assert.That(text, Does.Contain("xcron_callback_duration_seconds_bucket{outcome=\"ok\",le=\"0.025\"} 1"));
            Assert.That(text, Does.Contain("xcron_callback_duration_seconds_bucket{outcome=\"timeout\",le=\"30\"} 1"));
            Assert.That(text, Does.Contain("xcron_run_lateness_seconds_bucket{le=\"0.001\"} 0"));
            Assert.That(text, Does.Contain("xcron_run_lateness_seconds_bucket{le=\"0.002\"} 1"));
            Assert.That(text, Does.Contain("xcron_run_lateness_seconds_bucket{le=\"60\"} 2"));
            Assert.That(text, Does.Contain("xcron_runs_total{status=\"ok\"} 2"));
            Assert.That(text, Does.Contain("xcron_runs_total{status=\"failed\"} 1"));
            Assert.That(text, Does.Contain("xcron_requests_total{code=\"200\",path=\"/xcron/createTask\"} 2"));
            Assert.That(text, Does.Contain("xcron_requests_total{code=\"400\",path=\"/xcron/createTask\"} 1"));
            Assert.That(text, Does.Contain("dotnet_process_memory_working_set_bytes"));
            Assert.That(text, Does.Match("target_info\\{.*deployment_environment_name=\"test\""));
        }
    }

    [Test]
    public async Task What_is_observed_is_read_at_each_scrape_and_the_unknown_is_left_out()
    {
        using var metrics = new DaemonMetrics();
        await using var exporter = new Exporter();
        var waiting = 3L;
        metrics.ObserveQueue("callbacks", () => waiting);
        metrics.ObserveQueue("commands", () => 0);
        metrics.ObserveTasks(() => [("scheduled", 5), ("paused", 1)]);
        metrics.ObserveRaft(() => new RaftFigures
        {
            Term = new Term(7),
            Role = RaftRole.Leader,
            HasLeader = true,
            CommitIndex = new LogIndex(41),
            AppliedIndex = new LogIndex(40),
            LastIndex = new LogIndex(42),
            LogBytes = 1024,
        });
        metrics.ObserveMachine(() => new MachineFigures { CpuShare = 0.25, DiskFreeBytes = 9 });
        metrics.ObserveGauge("xcron.scheduler.tick.age", "s", "Since the wheel last turned.", () => (double?)0.5);
        metrics.ObserveTotal("xcron.reclaims", "{run}", "Runs claimed again.", () => 6);
        waiting = 4;

        var text = await exporter.ScrapeAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Contain("xcron_queue_depth{queue=\"callbacks\"} 4"));
            Assert.That(text, Does.Contain("xcron_queue_depth{queue=\"commands\"} 0"));
            Assert.That(text, Does.Contain("xcron_tasks{state=\"scheduled\"} 5"));
            Assert.That(text, Does.Contain("xcron_tasks{state=\"paused\"} 1"));
            Assert.That(text, Does.Contain("xcron_raft_term 7"));
            Assert.That(text, Does.Contain("xcron_raft_role{role=\"leader\"} 1"));
            Assert.That(text, Does.Contain("xcron_raft_role{role=\"follower\"} 0"));
            Assert.That(text, Does.Contain("xcron_raft_has_leader 1"));
            Assert.That(text, Does.Contain("xcron_raft_commit_index 41"));
            Assert.That(text, Does.Contain("xcron_raft_applied_index 40"));
            Assert.That(text, Does.Contain("xcron_raft_last_index 42"));
            Assert.That(text, Does.Contain("xcron_raft_log_size_bytes 1024"));
            Assert.That(text, Does.Contain("xcron_machine_cpu_utilization 0.25"));
            Assert.That(text, Does.Contain("xcron_machine_disk_free_bytes 9"));
            Assert.That(text, Does.Not.Contain("xcron_machine_memory"));
            Assert.That(text, Does.Contain("xcron_scheduler_tick_age_seconds 0.5"));
            Assert.That(text, Does.Contain("xcron_reclaims_total 6"));
        }
    }

    [Test]
    public void Every_instrument_has_a_unit_and_a_description()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == DaemonMetrics.MeterName)
                instruments.Add(instrument);
        };
        listener.Start();

        using var metrics = new DaemonMetrics();
        metrics.ObserveMachine(() => new MachineFigures());
        metrics.ObserveTasks(() => []);

        Assert.That(instruments, Has.Count.AtLeast(12));
        Assert.That(instruments.Where(instrument => instrument.Unit is null or ""), Is.Empty);
        Assert.That(instruments.Where(instrument => instrument.Description is null or ""), Is.Empty);
    }

    [Test]
    public void Request_series_stay_bounded()
    {
        var counter = new RequestCounter();
        for (var code = 0; code < 2000; code++)
            counter.Count("/xcron/createTask", code);

        var series = counter.Observe().ToList();

        Assert.That(series, Has.Count.EqualTo(1001));
        Assert.That(series.Sum(each => each.Value), Is.EqualTo(2000));
    }

    /// <summary>The monitor port's pipeline without a network.</summary>
    private sealed class Exporter : IAsyncDisposable
    {
        private const int MonitorPort = 9910;

        private readonly ServiceProvider _services;
        private readonly RequestDelegate _pipeline;

        public Exporter()
        {
            var services = new ServiceCollection();
            services.AddLogging();
            MetricsExport.Add(services, "test", "10.0.0.1:8899");
            _services = services.BuildServiceProvider();
            MetricsExport.Start(_services);
            var app = new ApplicationBuilder(_services);
            MonitorEndpoints.Map(app, MonitorPort, () => null, () => null);
            _pipeline = app.Build();
        }

        public async Task<string> ScrapeAsync()
        {
            using var body = new MemoryStream();
            var context = new DefaultHttpContext { RequestServices = _services };
            context.Connection.LocalPort = MonitorPort;
            context.Request.Method = "GET";
            context.Request.Path = "/metrics";
            context.Response.Body = body;
            await _pipeline(context);
            Assert.That(context.Response.StatusCode, Is.EqualTo(200));
            
            // The exporter writes an empty set of labels in some versions and nothing in others; both mean the same.
            return Encoding.UTF8.GetString(body.ToArray()).Replace("{}", "");
        }

        public ValueTask DisposeAsync() => _services.DisposeAsync();
    }
}
