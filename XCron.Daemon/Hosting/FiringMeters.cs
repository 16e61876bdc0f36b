using XCron.Daemon.Diagnostics;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Hosting;

/// <summary>What firing reports, as metrics.</summary>
internal sealed class FiringMeters(DaemonMetrics metrics) : IFiringMetrics
{
    private long _claimsRefused;
    private long _resultsRefused;

    // Read by the exporter, written by firing: both through Interlocked.
    public long ClaimsRefused => Interlocked.Read(ref _claimsRefused);

    public long ResultsRefused => Interlocked.Read(ref _resultsRefused);

    public void Lateness(double seconds) => metrics.Lateness(seconds);

    public void AttemptFinished(bool ok, double seconds) => metrics.CallbackFinished(ok ? "ok" : "failed", seconds);

    public void ClaimsProposed(int claims, bool applied)
    {
        if (!applied)
            Interlocked.Add(ref _claimsRefused, claims);
    }

    public void ResultsProposed(int results, bool applied)
    {
        if (!applied)
            Interlocked.Add(ref _resultsRefused, results);
    }
}
